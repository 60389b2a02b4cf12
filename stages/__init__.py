"""The pipeline: every module here is one DVC stage; what stages share is in three_tutors/."""
