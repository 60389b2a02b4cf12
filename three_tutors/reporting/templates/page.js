// Filters of the conversations. The page reads the same without this; nothing is fetched, nothing is stored.
(() => {
  "use strict";
  const form = document.getElementById("filters");
  if (!form) return;
  form.hidden = false;
  const found = document.getElementById("found");
  const talks = [...document.querySelectorAll(".talk")].map((talk) => ({
    talk,
    kind: talk.dataset.kind,
    text: talk.textContent.toLowerCase(),
    moments: [...talk.querySelectorAll(".moment")].map((moment) => ({
      moment,
      text: moment.textContent.toLowerCase(),
      scores: Object.fromEntries([...moment.querySelectorAll(".reply[data-score]")].map((reply) => [reply.dataset.tutor, Number(reply.dataset.score)])),
    })),
  }));

  const standing = (scores, tutor, against) => {
    if (!(tutor in scores) || !(against in scores)) return "unscored";
    const difference = scores[tutor] - scores[against];
    return Math.abs(difference) < 1e-9 ? "same" : difference > 0 ? "better" : "worse";
  };

  let wasFiltering = false;
  const apply = () => {
    const { tutor, against, show, kind, words } = Object.fromEntries(new FormData(form));
    const wanted = words.trim().toLowerCase();
    const counts = { better: 0, same: 0, worse: 0, unscored: 0 };
    const filtering = wanted !== "" || show !== "all" || kind !== "all";
    let shown = 0;
    for (const { talk, kind: own, text, moments } of talks) {
      const fits = kind === "all" || kind === own;
      const head = talk.querySelector("summary").textContent.toLowerCase().includes(wanted);
      let inside = 0;
      for (const entry of moments) {
        const stands = standing(entry.scores, tutor, against);
        const kept = fits && (show === "all" || show === stands) && (head || entry.text.includes(wanted));
        entry.moment.hidden = !kept;
        if (fits) counts[stands] += 1;
        inside += kept;
      }
      talk.hidden = inside === 0;
      if (filtering !== wasFiltering || filtering) talk.open = filtering ? inside > 0 : talk === talks[0].talk;
      shown += inside;
    }
    wasFiltering = filtering;
    found.textContent = `${shown} student turns shown. By the rubric, of those in the chosen conversations, ${tutor} is better than ${against} in ` +
      `${counts.better}, the same in ${counts.same}, worse in ${counts.worse}; ${counts.unscored} cannot be compared.`;
  };

  form.addEventListener("input", apply);
  form.addEventListener("reset", () => setTimeout(apply));
  form.addEventListener("submit", (event) => event.preventDefault());
  apply();
})();
