// What k6.js orders: it is found by its import, and goes along.
export function basket(n) {
  return Array.from({ length: 1 + (n % 5) }, (_, i) => ({ id: i, amount: 1 + ((n + i) % 3) }));
}
