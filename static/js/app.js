import "./ready.js";
import "./chips.js";
import "./copy.js";
import "./failures.js";
import "./landing.js";
import "./older.js";
import "./rows.js";
