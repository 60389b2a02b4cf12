// Filters of the conversations, and which page of the menu is shown. The page reads the same without this; nothing is fetched or stored.
(() => {
  "use strict";
  const links = [...document.querySelectorAll("nav a")];
  const mark = () => {
    const target = document.getElementById(location.hash.slice(1));
    const page = (target && target.closest("section.page")?.id) || "home";
    for (const link of links) {
      if (link.hash === `#${page}`) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
  };
  addEventListener("hashchange", mark);
  mark();

  const form = document.getElementById("filters");
  if (!form) return;
  form.hidden = false;
  const found = document.getElementById("found");
  const shares = Object.fromEntries([...form.querySelectorAll("output")].map((one) => [one.dataset.count, one]));
  const talks = [...document.querySelectorAll(".talk")].map((talk) => ({
    talk,
    kind: talk.dataset.kind,
    head: [...talk.querySelectorAll("summary, .earlier")].map((one) => one.textContent).join("\n").toLowerCase(),
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
  const named = (select) => select.selectedOptions[0]?.textContent ?? "";

  let wasFiltering = false;
  const apply = () => {
    const { tutor, against, show, kind, words } = Object.fromEntries(new FormData(form));
    const wanted = words.trim().toLowerCase();
    const counts = { all: 0, better: 0, same: 0, worse: 0, unscored: 0 };
    const filtering = wanted !== "" || show !== "all" || kind !== "all";
    let shown = 0, open = 0;
    for (const { talk, kind: own, head, moments } of talks) {
      const fits = kind === "all" || kind === own;
      let inside = 0;
      for (const entry of moments) {
        const stands = standing(entry.scores, tutor, against);
        const wordsFit = fits && (head.includes(wanted) || entry.text.includes(wanted));
        const kept = wordsFit && (show === "all" || show === stands);
        entry.moment.hidden = !kept;
        if (wordsFit) { counts[stands] += 1; counts.all += 1; }
        inside += kept;
      }
      talk.hidden = inside === 0;
      if (filtering !== wasFiltering || filtering) talk.open = filtering ? inside > 0 : talk === talks[0].talk;
      shown += inside;
      open += inside > 0;
    }
    wasFiltering = filtering;
    for (const [choice, output] of Object.entries(shares)) output.textContent = `(${counts[choice]})`;
    const rest = counts.unscored ? `; ${counts.unscored} cannot be compared` : "";
    found.textContent = `${shown} student turns in ${open} conversations shown. By the rubric, ${named(form.elements.tutor)} is better than ` +
      `${named(form.elements.against)} in ${counts.better} of ${counts.all}, the same in ${counts.same}, worse in ${counts.worse}${rest}.`;
  };

  form.addEventListener("input", apply);
  form.addEventListener("reset", () => setTimeout(apply));
  form.addEventListener("submit", (event) => event.preventDefault());
  apply();
})();
