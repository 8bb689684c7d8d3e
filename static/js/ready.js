// Shows what needs a script to work.
document.documentElement.dataset.js = "";
