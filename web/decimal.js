// Exact addition: amounts as whole hundredths in a BigInt, never as floats.

/** "-1234.50" as -123450n. */
export function hundredths(text) {
  const [whole, fraction] = text.split(".");
  return BigInt(whole + fraction.padEnd(2, "0"));
}

/** 123450n as "1234.50". */
export function asText(amount) {
  const digits = String(amount < 0n ? -amount : amount).padStart(3, "0");
  return `${amount < 0n ? "-" : ""}${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

/** The sum of amounts; text in, text out. */
export function sum(texts) {
  return asText(texts.reduce((total, text) => total + hundredths(text), 0n));
}
