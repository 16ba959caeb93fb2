"use strict";

// Elements. Everything that is told is set as text, never as markup.

const part = (id) => document.getElementById(id);
const sum = (counts) => Object.values(counts ?? {}).reduce((all, n) => all + n, 0);

function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function make(name, className, ...content) {
  const element = document.createElement(name);
  if (className) element.className = className;
  element.append(...content.filter((c) => c != null));
  return element;
}

function button(text, press) {
  const b = make("button", "", text);
  b.type = "button";
  b.addEventListener("click", press);
  return b;
}

// Makes the children of an element these, and leaves those alone that are so
// already: what is marked or has the focus stays so.
function become(element, children) {
  children.forEach((child, i) => {
    const old = element.childNodes[i];
    if (!old) element.append(child);
    else if (!old.isEqualNode(child)) old.replaceWith(child);
  });
  while (element.childNodes.length > children.length) element.lastChild.remove();
}

// Counts by name, without those that are 0.
function list(counts, names = Object.keys(counts ?? {}).sort()) {
  const told = names.filter((name) => counts?.[name]);
  if (!told.length) return "–";
  return make("div", "list", ...told.map((name) => make("span", "", make("em", "", name), ` ${count(counts[name])}`)));
}

// A sum and what it is made of; a dash where there is nothing.
function figure(total, ...details) {
  return total ? [make("b", "", count(total)), ...details.map((d) => (typeof d === "string" ? make("small", "", d) : d))] : ["–"];
}
