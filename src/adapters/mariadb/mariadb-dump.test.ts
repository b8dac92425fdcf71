// Goal: the position that a dump says is found, and an older server is never taken for a newer.
// Method: heads of dumps by MariaDB 10.11 with `--master-data=2 --gtid`.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { positionIn } from './mariadb-dump.ts';
import { isOlder } from './mariadb-proof.ts';

test('positions', () => {
  const head = `-- CHANGE MASTER TO MASTER_USE_GTID=slave_pos;
-- SET GLOBAL gtid_slave_pos='0-1-23';
-- CHANGE MASTER TO MASTER_LOG_FILE='b.000002', MASTER_LOG_POS=1234;`;
  assert.deepEqual(positionIn(head), {
    'binlog-file': 'b.000002',
    'binlog-position': 1234,
    gtid: '0-1-23',
  });
  assert.deepEqual(positionIn('-- Host: localhost'), {});
});

test('versions by their series', () => {
  assert.deepEqual(
    [isOlder('10.11.19', '11.4'), isOlder('10.6.1', '10.11'), isOlder('10.11.2', '10.11')],
    [true, true, false],
  );
  assert.equal(isOlder('11.4.1', '10.11'), false);
});
