/** The part of the catalogue in fault.ts that plans, and who lets them pass, may come to. */
export const GUARD_FAULTS = {
  HF_APPROVAL_DIGEST: {
    kind: 'usage',
    remedy:
      'Look at the plan again, `holdfast plan {plan}`, and type the eight digits that it shows.',
  },
  HF_APPROVAL_EXPIRED: {
    kind: 'refused',
    remedy:
      'Approve the plan again while it holds; one that expired is made anew by the command that made it.',
  },
  HF_APPROVAL_INVALID: {
    kind: 'corrupt',
    remedy: 'Make the approval again, and carry it over whole: holdfast approve.',
  },
  HF_APPROVAL_NAMESPACE: {
    kind: 'refused',
    remedy:
      'Sign with `holdfast approve`: a signature that was made for something else approves nothing.',
  },
  HF_APPROVAL_NOTHING: {
    kind: 'refused',
    remedy: 'See what stands against the plan: holdfast plan {plan}',
  },
  HF_APPROVAL_NO_PERSON: {
    kind: 'refused',
    remedy: 'A person approves, at a terminal, with a key of their own: holdfast approve {plan}',
  },
  HF_APPROVAL_OTHER_HOST: {
    kind: 'refused',
    remedy:
      'Approve it for the host that applies: `holdfast plan {plan} --export` there gives what is to be signed.',
  },
  HF_APPROVAL_OTHER_PLAN: {
    kind: 'refused',
    remedy: 'Look at the plan as it is now, `holdfast plan {plan}`, and approve that.',
  },
  HF_APPROVAL_REVOKED: {
    kind: 'refused',
    remedy: 'Sign with a key that is allowed: holdfast approve --signers',
  },
  HF_APPROVAL_SIGNER: {
    kind: 'refused',
    remedy:
      'See who may approve here: holdfast approve --signers. To let somebody in, add a line to {file} on this host.',
  },
  HF_APPROVAL_TARGET: {
    kind: 'usage',
    remedy: 'Look whether it is the one you mean: holdfast approve {plan} asks again.',
  },
  HF_APPROVAL_USED: {
    kind: 'refused',
    remedy: 'An approval is good for one plan, once. Approve again: holdfast approve {plan}',
  },
  HF_CLAIM_UNKNOWN: {
    kind: 'usage',
    remedy: 'See which claims stand: holdfast claim',
  },
  HF_CLAIM_UNREADABLE: {
    kind: 'corrupt',
    remedy: 'Look at {path}; nothing is applied until it is read or removed.',
  },
  HF_FAR_REFUSED: {
    kind: 'refused',
    remedy:
      'Do there what it says. Where holdfast is not on the path there, say where it is: HOLDFAST_REMOTE=/opt/holdfast/bin/holdfast',
  },
  HF_FREEZE_FAILED: {
    kind: 'unavailable',
    remedy:
      'See what {method} said, and try it by hand; nothing was backed up of this data set, and nothing is left of the attempt.',
  },
  HF_GUARD_PROGRAM: {
    kind: 'unavailable',
    remedy: 'Look whether {program} is installed, and may be run by this user.',
  },
  HF_GUARD_FAR: {
    kind: 'unavailable',
    remedy:
      'Look there with `holdfast plan`; what was begun on {host} is taken back by `holdfast undo` there.',
  },
  HF_GUARD_COMMAND: {
    kind: 'usage',
    remedy: '{instead}',
  },
  HF_PLAN_ABSENT: {
    kind: 'usage',
    remedy: 'See which plans there are: `holdfast plan`.',
  },
  HF_PLAN_AGAIN: {
    kind: 'usage',
    remedy: '{instead}',
  },
  HF_PLAN_INVALID: {
    kind: 'corrupt',
    remedy:
      'It is never applied: make it anew by the command that made it, and look who wrote {path}.',
  },
  HF_PLAN_LEASED: {
    kind: 'refused',
    remedy: 'Let {by} end, then run it again. A process that is gone is passed over by itself.',
  },
  HF_RUN_STOPPED: {
    kind: 'unavailable',
    remedy: 'See the first failure of this run; nothing that was acknowledged is touched by it.',
  },
  HF_SIGNERS_ABSENT: {
    kind: 'unavailable',
    remedy: 'As root on this host: echo "YOUR-NAME $(cat ~/.ssh/id_ed25519.pub)" >> {file}',
  },
  HF_SIGNERS_LOOSE: {
    kind: 'refused',
    remedy: 'Give {file} to root, and let nobody else write to it or its directory.',
  },
  HF_SIGNING_FAILED: {
    kind: 'unavailable',
    remedy:
      'See what ssh-keygen said, and try the key by itself: ssh-keygen -Y sign -n test -f KEY FILE',
  },
  HF_SIGNING_KEY_WANTED: {
    kind: 'usage',
    remedy:
      'Load one into your agent (ssh-add), or name it: --key ~/.ssh/id_ed25519. To make one: ssh-keygen -t ed25519',
  },
  HF_ROLLOUT_ABSENT: {
    kind: 'usage',
    remedy: 'Name one that runs, on the machine and by the account that began it.',
  },
  HF_SYNC_CONTENT: {
    kind: 'unavailable',
    remedy: 'What could be put in is there. Run `holdfast vault check`, then the same sync again.',
  },
  HF_SYNC_LINK_LOST: {
    kind: 'transient',
    remedy: 'Run the same sync again: what was done stays done, and the rest is done then.',
  },
  HF_SYNC_PROTOCOL: {
    kind: 'refused',
    remedy: 'Update Holdfast on both machines; if that does not help, do not trust {host}.',
  },
  HF_SYNC_SOURCE: {
    kind: 'usage',
    remedy: '{instead}',
  },
  HF_TARGET_NOT_EMPTY: {
    kind: 'refused',
    remedy:
      'Name a new or empty directory; or, to put it over what is there, `--in-place`: that is a plan, and `holdfast undo` puts it back.',
  },
  HF_TREE_BUSY: {
    kind: 'transient',
    remedy: 'Run it again when process {holder} has ended.',
  },
  HF_TREE_INVALID: {
    kind: 'corrupt',
    remedy:
      'Look at {path}: it is not as Holdfast wrote it. Move it away, and enrol the tree again: `holdfast promote PLACE`.',
  },
  HF_TREE_NOT_PROMOTED: { kind: 'refused', remedy: '{instead}' },
  HF_TREE_PLACE: {
    kind: 'usage',
    remedy: 'Write it as /srv/tree, host:/srv/tree or ann@host:2222:/srv/tree.',
  },
  HF_TREE_UNSEEN: {
    kind: 'unavailable',
    remedy:
      'Look whether it can be listed by hand (`ls`): a mount may hang, or a login shell may say things.',
  },
  HF_UNDO_ABSENT: {
    kind: 'usage',
    remedy: 'See what can be put back: `holdfast undo`.',
  },
  HF_UNDO_IN_VAULT: {
    kind: 'unavailable',
    remedy:
      'Nothing is lost. Make {vault} reachable, or say where it lies now (`--vault`), and run `holdfast undo {plan}` again.',
  },
  HF_UNDO_NOT_PROVEN: {
    kind: 'refused',
    remedy:
      'Nothing was freed: what is kept for {plan} lies where it was. Look at what is said; `holdfast vault check` tells whether the vault is sound.',
  },
} as const;
