"""The pipeline: every module here is one DVC stage; every package is what stages share."""
