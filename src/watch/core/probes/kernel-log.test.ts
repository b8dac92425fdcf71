// Goal: each kind of trouble is seen in the line that a kernel really writes of it, with its device; a
// healthy kernel's lines are none; what was mended no longer counts, and programs cannot forge lines.
// Method: lines of kernels 3.10 to 6.18 as they stand in bug reports, post-mortems and this machine's log.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type KernelLine, KernelTroubles, kmsgLine, monotonicLine } from './kernel-log.ts';

const line = (text: string, upMs = 0): KernelLine => ({ upMs, priority: 3, text });
const after = (...texts: readonly string[]): ReturnType<KernelTroubles['judge']> => {
  const troubles = new KernelTroubles();
  for (const text of texts) troubles.note(line(text));
  return troubles.judge(1000);
};

const TELLING: readonly (readonly [string, string, 'broken' | 'impaired', string])[] = [
  // gluster.org, 2016, and RHEL 7 of that time.
  [
    'XFS (dm-3): metadata I/O error: block 0x1e0 ("xfs_trans_read_buf_map") error 5 numblks 8',
    'dm-3',
    'broken',
    'file system',
  ],
  [
    'XFS (vdb): xfs_do_force_shutdown(0x2) called from line 1200 of file fs/xfs/xfs_log.c',
    'vdb',
    'broken',
    'file system',
  ],
  [
    'XFS (loop0): Log I/O Error (0x2) detected at xlog_ioend_work+0x6e/0x70 [xfs] (fs/xfs/xfs_log.c:1371).  Shutting down filesystem.',
    'loop0',
    'broken',
    'file system',
  ],
  [
    'XFS (sdb1): Corruption warning: Metadata has LSN (1:2) ahead of current LSN (1:1).',
    'sdb1',
    'broken',
    'file system',
  ],
  ['blk_update_request: I/O error, dev sdb, sector 2048', 'sdb', 'broken', 'disk'],
  [
    'I/O error, dev loop0, sector 1192 op 0x1:(WRITE) flags 0x800 phys_seg 4 prio class 2',
    'loop0',
    'broken',
    'disk',
  ],
  [
    'critical medium error, dev sda, sector 1953514584 op 0x0:(READ) flags 0x80700 phys_seg 1 prio class 2',
    'sda',
    'broken',
    'disk',
  ],
  [
    'Buffer I/O error on dev dm-0, logical block 9, lost async page write',
    'dm-0',
    'broken',
    'disk',
  ],
  ['sd 0:0:0:0: [sda] tag#16 Sense Key : Medium Error [current]', 'sda', 'broken', 'disk'],
  ['ata1.00: exception Emask 0x0 SAct 0x0 SErr 0x0 action 0x6 frozen', 'ata1', 'impaired', 'disk'],
  ['nvme nvme0: I/O 448 QID 1 timeout, aborting', 'nvme0', 'impaired', 'disk'],
  [
    'nvme nvme0: controller is down; will reset: CSTS=0xffffffff, PCI_STATUS=0xffff',
    'nvme0',
    'broken',
    'disk',
  ],
  [
    'EXT4-fs error (device sdb1): ext4_find_entry:1455: inode #2: comm ls: reading directory lblock 0',
    'sdb1',
    'broken',
    'file system',
  ],
  ['EXT4-fs (sdb1): Remounting filesystem read-only', 'sdb1', 'broken', 'file system'],
  ['Aborting journal on device sdb1-8.', 'sdb1', 'broken', 'file system'],
  [
    'BTRFS warning (device sdc): csum failed root 5 ino 257 off 0 csum 0x98f94189 expected csum 0x8941f998 mirror 1',
    'sdc',
    'broken',
    'file system',
  ],
  [
    'BTRFS error (device sdc): bdev /dev/sdc errs: wr 0, rd 1, flush 0, corrupt 0, gen 0',
    'sdc',
    'broken',
    'file system',
  ],
  ['BTRFS info (device sdc: state E): forced readonly', 'sdc', 'broken', 'file system'],
  ['md/raid1:md0: Disk failure on sdb1, disabling device.', 'md0', 'broken', 'array'],
  ['md: kicking non-fresh sdb1 from array!', 'sdb1', 'broken', 'array'],
  ['md/raid1:md0: read error corrected (8 sectors at 2048 on sda1)', 'md0', 'impaired', 'array'],
  [
    'device-mapper: thin: 253:4: reached low water mark for data device: out of data space',
    '253:4',
    'broken',
    'array',
  ],
  [
    'Out of memory: Killed process 4218 (mysqld) total-vm:1832460kB, anon-rss:764300kB',
    'mysqld',
    'impaired',
    'memory',
  ],
  [
    'Out of memory: Kill process 4218 (mysqld) score 311 or sacrifice child',
    'mysqld',
    'impaired',
    'memory',
  ],
  [
    'INFO: task jbd2/dm-0-8:512 blocked for more than 120 seconds.',
    'jbd2/dm-0-8',
    'impaired',
    'machine',
  ],
  ['watchdog: BUG: soft lockup - CPU#1 stuck for 22s! [kworker/1:1:33]', '', 'broken', 'machine'],
  ['mce: [Hardware Error]: Machine check events logged', '', 'broken', 'machine'],
  ['nfs: server st1 not responding, still trying', 'st1', 'impaired', 'network'],
];
for (const [text, about, saw, area] of TELLING) {
  test(`seen: ${text.slice(0, 60)}`, () => {
    const found = after(text);
    assert.equal(found.saw, saw, found.why);
    assert.equal(found.detail.about, about);
    assert.equal(found.detail.area, area);
  });
}

test('what a healthy kernel says is no trouble', () => {
  const found = after(
    'XFS (vdb1): Mounting V5 Filesystem',
    'XFS (vdb1): Ending clean mount',
    'EXT4-fs (vda): mounted filesystem 7e77963c r/w with ordered data mode. Quota mode: none.',
    'EXT4-fs (vda): re-mounted 7e77963c r/w. Quota mode: none.',
    'md/raid1:md0: active with 2 out of 2 mirrors',
    'BTRFS info (device sdc): using crc32c (crc32c-intel) checksum algorithm',
    'I/O error, dev sr0, sector 0 op 0x0:(READ) flags 0x80700 phys_seg 1 prio class 2',
    'blk_update_request: I/O error, dev fd0, sector 0',
    'Out of memory of FAT-fs (sda): corrupt',
    'FAT-fs[12]: x',
    'traps: XFS (a): I/O error[123] trap int3 ip:1 sp:2 error:0',
    'audit: type=1400 audit(1.2:3): apparmor="DENIED" operation="open" name="/x error"',
  );
  assert.equal(found.saw, 'healthy', found.why);
});

test('a file system that was mounted anew is healthy; its disk is not, until its time is over', () => {
  const shut = 'XFS (sdb1): Log I/O error detected. Shutting down filesystem';
  assert.equal(after(shut, 'XFS (sdb1): Ending clean mount').saw, 'healthy');
  assert.equal(after(shut, 'XFS (sdc1): Ending clean mount').saw, 'broken');
  const troubles = new KernelTroubles();
  troubles.note(line('I/O error, dev sdb, sector 1 op', 1000));
  troubles.note(line('XFS (sdb): Ending clean mount', 2000));
  assert.equal(troubles.judge(23 * 3_600_000).saw, 'broken');
  assert.equal(troubles.judge(25 * 3_600_000).saw, 'healthy');
});

test('the worst is said first, the file system before its disk, and how often', () => {
  const found = after(
    'Out of memory: Killed process 1 (a)',
    'I/O error, dev sdb, sector 1 op',
    'I/O error, dev sdb, sector 9 op',
    'EXT4-fs error (device sdb1): x',
  );
  assert.match(
    found.why,
    /^file system sdb1: ext4 found itself damaged.*; also disk sdb \(2 times\), memory a$/,
  );
});

test('records of the ring; what a program wrote into it is not the kernel', () => {
  const told = kmsgLine('3,512,5140900123,-;XFS (a): shutdown\n SUBSYSTEM=block\n');
  assert.deepEqual(told, { upMs: 5140900.123, priority: 3, text: 'XFS (a): shutdown' });
  // Facility 1: written to /dev/kmsg by a program.
  assert.equal(kmsgLine('12,512,5140900123,-;XFS (a): shutdown'), undefined);
  assert.equal(kmsgLine('nonsense'), undefined);
  const journal = monotonicLine('[   12.345678] web1 kernel: XFS (a): shutdown');
  assert.deepEqual(journal, { upMs: 12345.678, priority: 6, text: 'XFS (a): shutdown' });
  assert.equal(monotonicLine('-- No entries --'), undefined);
});

test('whatever is said, the finding fits the wire and no more than so many troubles are kept', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary' }), { maxLength: 300 }), (names) => {
      const troubles = new KernelTroubles();
      for (const name of names) troubles.note(line(`EXT4-fs error (device ${name}): ${name}`));
      const found = troubles.judge(0);
      assert.ok(found.why.length <= 512);
      assert.ok(Object.values(found.detail).every((each) => String(each).length <= 256));
      assert.ok(Number(found.detail.troubles ?? 0) <= 200);
    }),
  );
});
