// Distinguishes, by the body alone, a booking that succeeded (first file) from an unknown one (second file).
import { readFileSync } from 'node:fs';
import { OperationFromJSON, OperationState, type Operation } from './client/models/index';

const [made, open]: Operation[] = process.argv.slice(2).map((file) =>
  OperationFromJSON(JSON.parse(readFileSync(file, 'utf8'))),
);

function check(holds: boolean, otherwise: string): asserts holds {
  if (!holds) {
    throw new Error(otherwise);
  }
}

// The number of result members that are not null.
function results({ order, refund, change, raw }: Operation): number {
  return [order, refund, change, raw].filter((member) => member !== null).length;
}

check(made.state === OperationState.Succeeded, 'the first has not succeeded');
check(made.order !== null, 'the first has no order');
check(results(made) === 1, 'the first has more than one result');
check(open.state === OperationState.Unknown, 'the second is not unknown');
check(results(open) === 0, 'the second has a result');
console.log(`TypeScript: ${made.order.orderId} succeeded, ${open.id} is unknown`);
