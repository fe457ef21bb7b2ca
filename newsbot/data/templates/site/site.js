// Convenience alone: every page is complete without it.
"use strict";

// The local time of a moment, on pointing at it.
for (const one of document.querySelectorAll("time[datetime]")) {
  const at = new Date(one.dateTime);
  if (one.dateTime.includes("T") && !Number.isNaN(at.valueOf())) {
    one.title = at.toLocaleString(document.documentElement.lang, {
      dateStyle: "full",
      timeStyle: "long",
    });
  }
}

// Addresses without the filters that were left empty.
for (const form of document.querySelectorAll("form[method=get]")) {
  form.addEventListener("submit", () => {
    for (const field of form.elements) {
      field.disabled = field.name !== "" && field.value === "";
    }
  });
}
// Coming back, what was left empty can be filled again.
addEventListener("pageshow", () => {
  for (const field of document.querySelectorAll("form [disabled]")) {
    field.disabled = false;
  }
});
