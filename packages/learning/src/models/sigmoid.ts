/** 1 / (1 + e^-z) without overflow on either side. */
export function sigmoid(z: number): number {
  if (z >= 0) return 1 / (1 + Math.exp(-z));
  const e = Math.exp(z);
  return e / (1 + e);
}

/** Cross-entropy in nats of label 0 or 1 from the margin z: log(1 + e^z) - label z, finite for every finite z. */
export function crossEntropy(z: number, label: number): number {
  return Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z))) - label * z;
}
