// Amounts as whole hundredths: every cent of "1234.50" counts, so no amount is ever a float.

/** "-1234.50" as -123450n. */
export function hundredths(text) {
  const [whole, fraction] = text.split(".");
  return BigInt(whole + fraction.padEnd(2, "0"));
}

/** 123450n as "1234.50". */
export function written(amount) {
  const digits = String(amount < 0n ? -amount : amount).padStart(3, "0");
  return `${amount < 0n ? "-" : ""}${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

/** The sum of amounts written as text, written as text. */
export function sum(texts) {
  return written(texts.reduce((total, text) => total + hundredths(text), 0n));
}
