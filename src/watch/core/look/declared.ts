import type { ByteString } from '../../../base/bytes.ts';
import type { BackupTool } from '../discovery.ts';
import type { Promised } from '../estate.ts';

/** What people say of an estate, in holdfast.yaml. */
export interface DeclaredEstate {
  readonly hosts: readonly string[];
  readonly dataSets: readonly DeclaredDataSet[];
  readonly services: readonly DeclaredService[];
  readonly domains: readonly DeclaredDomain[];
  readonly points: readonly DeclaredPoint[];
  /** What hosts run on, where people said so: it stands for what was discovered. None: metal. */
  readonly standsOn?: readonly { readonly host: string; readonly on: readonly string[] }[];
  /** Below which nothing is lost, as people said. */
  readonly ignored?: readonly DeclaredIgnored[];
  /** Who looks after hosts and data sets; of services they stand there. */
  readonly owned?: readonly DeclaredOwned[];
}

export interface DeclaredIgnored {
  readonly host: string;
  readonly path: ByteString;
  readonly why: string;
}

export interface DeclaredOwned {
  readonly of: 'host' | 'data set';
  readonly name: string;
  readonly owners: readonly string[];
}

export interface DeclaredDataSet {
  readonly name: string;
  /** Undefined: the machine that reads the file, which was not looked at. */
  readonly host: string | undefined;
  readonly paths: readonly ByteString[];
  readonly promise?: Promised | undefined;
}

export interface DeclaredService {
  readonly name: string;
  readonly dataSets: readonly string[];
  /** 1 is what hurts first. */
  readonly tier?: number | undefined;
  /** Services without which it does not work. */
  readonly dependsOn?: readonly string[];
  readonly owners?: readonly string[];
  /** An address or a path. */
  readonly runbook?: string | undefined;
  readonly promise?: Promised | undefined;
}

/** Hosts that fail together: `site` `a`. */
export interface DeclaredDomain {
  readonly kind: string;
  readonly name: string;
  readonly hosts: readonly string[];
}

export interface DeclaredPoint {
  readonly name: string;
  readonly tool: BackupTool;
  readonly repository: string | undefined;
  /** Undefined: of any host. */
  readonly hosts: readonly string[] | undefined;
}
