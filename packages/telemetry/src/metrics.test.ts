import { describe, expect, test } from 'vitest';
import { createMetrics, labelNames } from './metrics.ts';
import { observeRuntime } from './runtime-metrics.ts';

describe('metrics text', () => {
  test('shows counters, histograms and gauges as Prometheus reads them', async () => {
    const metrics = createMetrics({ process: 'api' });
    const requests = metrics.counter('sumveil_requests', 'Requests answered', ['route', 'status']);
    requests.add(1, { route: '/v1/enroll', status: 201 });
    requests.add(2, { route: '/v1/enroll', status: 201 });
    const seconds = metrics.histogram('sumveil_sign_seconds', 'Insert to signature', {
      unit: 's',
      buckets: [0.01, 0.1],
    });
    seconds.record(0.05);
    let backlog = 7;
    metrics.gauge('sumveil_outbox_waiting', 'Rows not yet published', () => backlog);
    expect(await metrics.text()).toContain('sumveil_outbox_waiting 7\n');
    backlog = 8;
    const lines = (await metrics.text()).split('\n');
    expect(lines).toEqual(
      expect.arrayContaining([
        '# HELP sumveil_requests_total Requests answered',
        '# TYPE sumveil_requests_total counter',
        'sumveil_requests_total{route="/v1/enroll",status="201"} 3',
        'sumveil_sign_seconds_bucket{le="0.01"} 0',
        'sumveil_sign_seconds_bucket{le="0.1"} 1',
        'sumveil_sign_seconds_bucket{le="+Inf"} 1',
        'sumveil_outbox_waiting 8',
      ]),
    );
  });

  test('a label that was not declared is left out, a value of the wrong form is `other`', async () => {
    const metrics = createMetrics({ process: 'api' });
    const counter = metrics.counter('sumveil_refused', 'Refusals', ['code', 'route']);
    counter.add(1, {
      code: 'MARKER text',
      route: '/v1/runs?token=MARKER',
      tenantRef: 'MARKER',
      phase: 'masked',
    } as never);
    const text = await metrics.text();
    expect(text).toContain('sumveil_refused_total{code="other",route="other"} 1');
    expect(text).not.toContain('MARKER');
    expect(text).not.toContain('masked');
  });

  test('no label can name a tenant or a run', () => {
    expect(labelNames.filter((name) => /tenant|run|user|name|ref/i.test(name))).toEqual([]);
  });

  test('two registries keep apart', async () => {
    const one = createMetrics({ process: 'api' });
    one.counter('sumveil_one', 'One').add();
    expect(await createMetrics({ process: 'api' }).text()).not.toContain('sumveil_one');
  });

  test('shows the process itself', async () => {
    const metrics = createMetrics({ process: 'api' });
    const observed = observeRuntime(metrics);
    const text = await metrics.text();
    observed.stop();
    const resident = /^sumveil_process_resident_bytes (\d+)$/m.exec(text)?.[1];
    expect(Number(resident)).toBeGreaterThan(10_000_000);
    expect(text).toMatch(/^sumveil_event_loop_delay_p99_seconds \d/m);
  });
});
