// Turns every list of steps on the page that is not one yet into a stepper: one picture at a time.
(() => {
  const make = (tag, text, ...into) => {
    const element = document.createElement(tag);
    element.textContent = text;
    element.append(...into);
    return element;
  };
  const button = (text, label, go) => {
    const element = make("button", text);
    element.type = "button";
    element.setAttribute("aria-label", label);
    element.style.cssText =
      "font:inherit;color:inherit;background:transparent;border:1px solid currentColor;" +
      "border-radius:4px;padding:0.15em 0.7em;cursor:pointer";
    element.addEventListener("click", go);
    return element;
  };
  const start = (section) => {
    section.dataset.ready = "true";
    const steps = [...section.querySelectorAll(":scope > details")];
    let at = 0;
    const count = make("span", "");
    const sentence = make("p", "");
    sentence.setAttribute("aria-live", "polite");
    const previous = button("← Previous", "Previous step", () => show(at - 1));
    const next = button("Next →", "Next step", () => show(at + 1));
    const show = (to) => {
      at = Math.min(Math.max(to, 0), steps.length - 1);
      steps.forEach((step, i) => {
        step.hidden = i !== at;
        step.open = i === at;
      });
      count.textContent = `step ${at + 1} of ${steps.length}`;
      sentence.textContent = steps[at].dataset.sentence;
      // Not `disabled`: that would take the focus away.
      for (const [end, element] of [[0, previous], [steps.length - 1, next]]) {
        element.setAttribute("aria-disabled", String(at === end));
        element.style.opacity = at === end ? 0.5 : 1;
      }
    };
    const row = make("div", "", previous, count, next);
    row.setAttribute("role", "group");
    row.setAttribute("aria-label", "Steps");
    row.style.cssText = "display:flex;gap:0.8em;align-items:center;flex-wrap:wrap";
    steps.forEach((step) => {
      const summary = step.querySelector(":scope > summary");
      step.dataset.sentence = summary.textContent.replace(/^\d+\. /, "");
      summary.style.display = "none";
    });
    steps[0].before(row, sentence);
    const to = { ArrowLeft: () => at - 1, ArrowRight: () => at + 1, Home: () => 0, End: () => steps.length - 1 };
    section.addEventListener("keydown", (event) => {
      if (event.altKey || event.ctrlKey || event.metaKey) return;
      // Slides and notebooks have shortcuts of their own for these keys.
      if (event.key === " " || event.key === "Enter") event.stopPropagation();
      if (!(event.key in to)) return;
      event.preventDefault();
      event.stopPropagation();
      show(to[event.key]());
    });
    show(0);
  };
  document.querySelectorAll(".strided-steps:not([data-ready])").forEach(start);
})();
