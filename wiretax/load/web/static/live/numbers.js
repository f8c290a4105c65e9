// Formats numbers, and chooses the ticks of axes.

// By digits; making one takes longer than using it.
const formats = Array.from({ length: 4 }, (_, digits) =>
  new Intl.NumberFormat("en", { minimumFractionDigits: digits, maximumFractionDigits: digits }));

export function number(value, digits = null) {
  if (value === null || value === undefined) return "-";
  const places = digits ?? (Math.abs(value) >= 1000 ? 0 : Math.abs(value) >= 10 ? 1 : 2);
  // Rounds like Python, so that labels are the same as in the table of a run.
  return formats[places].format(Number(value.toFixed(places)));
}

export const whole = (value) => number(value, 0);

export function short(value) {
  if (value >= 1e6) return `${number(value / 1e6, value % 1e6 ? 1 : 0)}M`;
  if (value >= 1e4) return `${number(value / 1e3, value % 1e3 ? 1 : 0)}k`;
  return number(value, Number.isInteger(value) ? 0 : value >= 100 ? 0 : value >= 10 ? 1 : 2);
}

// Seconds as milliseconds, with about two digits.
export function milliseconds(value) {
  const ms = value * 1e3;
  return number(ms, ms < 1 ? (ms < 0.01 ? 3 : 2) : ms < 10 ? 1 : 0);
}

export function clock(seconds) {
  const whole_ = Math.round(seconds), two = (value) => String(value).padStart(2, "0");
  if (whole_ < 60) return `${whole_} s`;
  const hours = Math.floor(whole_ / 3600), minutes = Math.floor(whole_ / 60) % 60;
  return hours ? `${hours}:${two(minutes)}:${two(whole_ % 60)}` : `${minutes}:${two(whole_ % 60)}`;
}

export function count(value, noun) {
  return `${whole(value)} ${noun}${value === 1 ? "" : "s"}`;
}

// 1st, 2nd, 3rd, 4th, 11th, 21st.
export function ordinal(value) {
  const ending = { one: "st", two: "nd", few: "rd", other: "th" };
  return `${whole(value)}${ending[new Intl.PluralRules("en", { type: "ordinal" }).select(value)]}`;
}

export function ticks(most, wanted) {
  const rough = most / wanted;
  const unit = 10 ** Math.floor(Math.log10(rough || 1));
  const step = [1, 2, 5, 10].map((each) => each * unit).find((each) => each >= rough) || unit;
  const found = [];
  for (let value = 0; value <= most * 1.0001; value += step) found.push(value);
  return found;
}

// Ticks of a logarithmic axis: 1, 2 and 5 of each decade, or fewer of them, or decades.
export function logarithmicTicks(least, most) {
  const inside = (digits) => {
    const found = [];
    for (let power = -7; power < 7; power += 1) for (const digit of digits) found.push(digit * 10 ** power);
    return found.filter((each) => each >= least && each <= most);
  };
  const all = [[1, 2, 5], [1, 3], [1]].map(inside);
  return all.find((each) => each.length <= 6) || all[2].filter((_, place) => place % 2 === 0);
}

const TIMES = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 86400];

export function timeTicks(span, wanted) {
  const step = TIMES.find((each) => span / each <= wanted) || 86400;
  return Array.from({ length: Math.floor(span / step) + 1 }, (_, place) => place * step);
}
