const names: Record<string, string> = {
  auc: 'AUC',
  accuracy: 'Accuracy',
  logLoss: 'Log loss',
  rmse: 'RMSE',
  loss: 'Loss',
  meanLoss: 'Mean loss',
};

/** `test.auc` → the part of the data and the metric; a name without a dot has no part. */
export function partOf(name: string): { part: string; metric: string } {
  const at = name.indexOf('.');
  return at < 0 ? { part: '', metric: name } : { part: name.slice(0, at), metric: name.slice(at + 1) };
}

export function metricName(metric: string): string {
  return names[metric] ?? metric;
}

export function metricTitle(name: string): string {
  const { part, metric } = partOf(name);
  return part ? `${metricName(metric)} (${part})` : metricName(metric);
}

/** Test before train, then by name: what generalises is read first. */
export function testFirst(a: string, b: string): number {
  return Number(b.startsWith('test.')) - Number(a.startsWith('test.')) || (a < b ? -1 : 1);
}
