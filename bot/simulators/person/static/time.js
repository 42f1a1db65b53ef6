// The server's clock, which the desk may shift, shown in India's time.

const ZONE = "Asia/Kolkata";
const IST_OFFSET = 330 * 60; // seconds; India has no summer time
const DAY = 86400;

let ahead = 0; // milliseconds that the server's clock is ahead of this browser's

const clock = new Intl.DateTimeFormat("en-GB", { timeZone: ZONE, hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const clockWithSeconds = new Intl.DateTimeFormat("en-GB", {
  timeZone: ZONE, hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23",
});
const day = new Intl.DateTimeFormat("en-GB", { timeZone: ZONE, weekday: "short", day: "numeric", month: "short", year: "numeric" });
const shortDay = new Intl.DateTimeFormat("en-GB", { timeZone: ZONE, weekday: "long", day: "numeric", month: "long" });

/** A moment as the server writes it: ISO text or Unix seconds. */
export function moment(value) {
  return typeof value === "number" ? new Date(value * 1000) : new Date(value);
}

export function setNow(value) {
  ahead = moment(value).getTime() - Date.now();
}

export const now = () => new Date(Date.now() + ahead);
export const hm = (date) => clock.format(date);
export const hms = (date) => clockWithSeconds.format(date);
export const longDate = (date) => day.format(date);
export const dayName = (date) => (sameDay(date, now()) ? "Today" : shortDay.format(date));
export const sameDay = (one, other) => dayNumber(one) === dayNumber(other);

const istSeconds = (date) => Math.floor(date.getTime() / 1000) + IST_OFFSET;
const dayNumber = (date) => Math.floor(istSeconds(date) / DAY);

/** Seconds from now until the next time that a clock in India shows `hh:mm`; tomorrow's when `tomorrow`. */
export function secondsUntil(hh, mm, { tomorrow = false } = {}) {
  const wanted = hh * 3600 + mm * 60;
  const since = istSeconds(now()) % DAY;
  if (tomorrow) return DAY - since + wanted;
  return wanted > since ? wanted - since : DAY - since + wanted;
}
