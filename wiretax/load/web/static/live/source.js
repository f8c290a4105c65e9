// What the server knows, asked for again and again. The history comes from the server too: a page that is reloaded, or
// opened elsewhere, shows the same curves.

export const HEARD = "heard", LOGIN = "login", GONE = "gone", SILENT = "silent";

export class Source {
  // run: the name of a finished run; empty for the test that is running, or ran last.
  constructor(run) {
    this.run = run;
    this.key = "";
    this.samples = 0;
    this.history = [];
    this.figures = null;
  }

  async refresh() {
    const asked = new URLSearchParams({ key: this.key, since: this.samples, run: this.run });
    try {
      const response = await fetch(`figures?${asked}`);
      if (response.status === 404) return GONE;
      if (!(response.headers.get("Content-Type") || "").startsWith("application/json")) return LOGIN;
      this.take(await response.json());
      return HEARD;
    } catch (error) {
      return SILENT;
    }
  }

  take(figures) {
    if (figures.key !== this.key) this.history = [];
    this.history = [...this.history, ...figures.history];
    this.key = figures.key;
    this.samples = figures.samples;
    this.figures = figures;
  }

  // The points of one figure of a workload: when (s), the value, and whether it is a lower bound.
  points(kind, name, field) {
    const { fields } = this.figures, part = Object.keys(fields).indexOf(kind) + 1;
    const place = fields[kind].indexOf(field), bound = fields[kind].indexOf(field.replace(/_s$/, "_is_bound"));
    const found = [];
    for (const point of this.history) {
      const values = point[part][name];
      if (values !== undefined && values[place] !== null) {
        found.push([point[0], values[place], bound !== place && values[bound] === true]);
      }
    }
    return found;
  }

  // From the beginning of the test to its last point, in seconds.
  get span() {
    const last = this.history.length ? this.history[this.history.length - 1][0] : 0;
    return [0, Math.max(last, 10)];
  }
}
