/**
 * Tables of a server's state: docs/design/029-server-state.md. Columns are what is asked for and
 * ordered by; the rest of a row is `body`, JSON that is parsed when it is read. Free text stands in
 * it and nowhere else: JSON escapes the zero byte, which a text of PostgreSQL cannot hold.
 */
export interface ServerTables {
  readonly server_agent: {
    readonly agent: string;
    /** Since when it is silent; null: it is not. */
    readonly silent_from: number | null;
    readonly body: string;
  };
  readonly server_item: {
    readonly agent: string;
    readonly item: string;
    /** For the roll-ups: a number takes a tenth of two names. */
    readonly no: number;
    readonly saw: string;
    readonly seen_at: number;
    readonly limit_ms: number;
    /** Roll-ups hold all before it; what came after is counted when it is over, or read. */
    readonly counted_to: number;
    readonly body: string;
  };
  readonly server_roll_up: {
    readonly item_no: number;
    readonly span: string;
    readonly at: number;
    readonly ok_ms: number;
    readonly degraded_ms: number;
    readonly failed_ms: number;
  };
  readonly server_transition: {
    readonly agent: string;
    readonly item: string;
    readonly at: number;
    /** Order among those of one moment. */
    readonly n: number;
    readonly body: string;
  };
  readonly server_line: { readonly agent: string; readonly n: number; readonly body: string };
  readonly server_job: {
    readonly job: string;
    readonly agent: string;
    readonly is_open: number;
    readonly asked_at: number;
    readonly body: string;
    readonly answer: string | null;
  };
  readonly server_word: { readonly agent: string; readonly n: number; readonly body: string };
  readonly server_maintenance: {
    readonly id: string;
    readonly from_at: number;
    readonly until_at: number;
    readonly body: string;
  };
  readonly server_freeze: {
    readonly id: string;
    readonly at: number;
    /** Of its end, whatever ended it. */
    readonly until_at: number;
    readonly body: string;
  };
  /** What a terminal has asked for and the server has not taken yet. */
  readonly server_revocation: {
    readonly agent: string;
    readonly at: number;
    readonly body: string;
  };
  /** The newest of each kind that an agent showed. */
  readonly server_shown: {
    readonly agent: string;
    readonly kind: string;
    readonly body: string;
    /** Base64, so that it is text in any database. */
    readonly frame: string;
  };
  readonly server_host_change: {
    readonly host: string;
    readonly at: number;
    /** Order among those of one moment, and among all. */
    readonly n: number;
    readonly body: string;
  };
  /** Drills over the estate, and how they ended. */
  readonly server_drill: { readonly job: string; readonly asked_at: number; readonly body: string };
  /** What one host told of the vault at one place, as JSON. */
  readonly server_told_heads: {
    readonly host: string;
    readonly place: string;
    /** Grows each time that something is told of it. */
    readonly n: number;
    readonly body: string;
  };
  /** docs/format/history.md */
  readonly server_history_subject: {
    readonly no: number;
    readonly kind: string;
    /** As JSON. */
    readonly name: string;
    /** Grows each time that something is added to it. */
    readonly used_n: number;
  };
  readonly server_history: {
    readonly subject_no: number;
    readonly span: string;
    readonly at: number;
    readonly body: string;
  };
  /** docs/format/generation.md */
  readonly server_generation: { readonly n: number; readonly id: string };
  readonly server_counter: { readonly name: string; readonly value: number };
  readonly tell_alert: {
    readonly id: string;
    readonly is_open: number;
    readonly opened_at: number;
    readonly changed_at: number;
    readonly body: string;
  };
  readonly tell_outbox: {
    readonly id: string;
    /** Waiting or sending. */
    readonly is_open: number;
    readonly channel: string;
    /** Empty: of none, as a test message. */
    readonly alert: string;
    readonly due_at: number;
    readonly created_at: number;
    readonly body: string;
  };
  readonly tell_confirmation: {
    readonly channel: string;
    readonly person: string;
    readonly body: string;
  };
  readonly access_user: { readonly name: string; readonly body: string };
  readonly access_token: {
    readonly id: string;
    readonly sha256: string;
    readonly owner: string;
    readonly expires_at: number;
    readonly body: string;
  };
  readonly access_session: {
    readonly sha256: string;
    readonly user_name: string;
    readonly used_at: number;
    readonly body: string;
  };
  readonly access_one_time: {
    readonly sha256: string;
    readonly kind: string;
    readonly subject: string;
    readonly expires_at: number;
    readonly body: string;
  };
  readonly access_audit: {
    readonly n: number;
    readonly hash: string;
    /** The line as docs/format/audit.md writes it. */
    readonly line: string;
  };
  /** The last line that was let go of, while there is one. */
  readonly access_audit_cut: { readonly n: number; readonly hash: string };
}
