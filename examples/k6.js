// A k6 script, run by Onrush as it was written:
//
//   onrush run examples/k6.js -e TARGET=http://localhost:8080 --region local:2
//
// Two tasks share the load: together they make it once.
import http from 'k6/http';
import { check, group, sleep } from 'k6';
import { Counter, Trend } from 'k6/metrics';
import { basket } from './k6-lib/basket.js';

const orders = new Counter('orders');
const size = new Trend('basket_size');
const target = __ENV.TARGET || 'http://localhost:8080';

export const options = {
  scenarios: {
    browse: { executor: 'ramping-vus', startVUs: 0, stages: [{ duration: '2s', target: 6 }, { duration: '3s', target: 6 }], exec: 'browse' },
    order: { executor: 'shared-iterations', vus: 4, iterations: 40, maxDuration: '30s', exec: 'order' },
  },
  thresholds: {
    http_req_failed: ['rate<0.01'],
    'http_req_duration{name:order}': ['p(95)<2000'],
    checks: ['rate==1'],
    orders: ['count==40'],
  },
};

export function browse() {
  group('browse', () => {
    const page = http.get(`${target}/`, { tags: { name: 'start page' } });
    check(page, { 'page is there': (r) => r.status === 200 });
  });
  sleep(0.2);
}

export function order() {
  const things = basket(__ITER);
  const answer = http.post(`${target}/`, JSON.stringify(things), { tags: { name: 'order' } });
  check(answer, { 'order is taken': (r) => r.status === 200 });
  size.add(things.length);
  orders.add(1);
}
