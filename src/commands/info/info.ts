import { type Reply, Verbatim } from "../../resp/reply.ts";
import type { Bytes } from "../../support/bytes.ts";
import type { Context } from "../command.ts";
import { clusterSection, keyspaceSection, modulesSection, persistenceSection } from "./data.ts";
import type { Section } from "./field.ts";
import { leveldbSection } from "./leveldb.ts";
import { clientsSection, cpuSection, memorySection, serverSection } from "./process.ts";
import { replicationSection } from "./replication.ts";
import { commandstatsSection, errorstatsSection, latencystatsSection, statsSection } from "./statistics.ts";

interface SectionRow {
  readonly title: string;
  readonly section: Section;
  /** Not among the sections that INFO shows when none is named. */
  readonly onDemand?: true;
}

/** In the order in which they are shown. */
const SECTIONS: Readonly<Record<string, SectionRow>> = {
  server: { title: "Server", section: serverSection },
  clients: { title: "Clients", section: clientsSection },
  memory: { title: "Memory", section: memorySection },
  persistence: { title: "Persistence", section: persistenceSection },
  stats: { title: "Stats", section: statsSection },
  replication: { title: "Replication", section: replicationSection },
  cpu: { title: "CPU", section: cpuSection },
  modules: { title: "Modules", section: modulesSection },
  commandstats: { title: "Commandstats", section: commandstatsSection, onDemand: true },
  errorstats: { title: "Errorstats", section: errorstatsSection },
  latencystats: { title: "Latencystats", section: latencystatsSection, onDemand: true },
  cluster: { title: "Cluster", section: clusterSection },
  keyspace: { title: "Keyspace", section: keyspaceSection },
  leveldb: { title: "Leveldb", section: leveldbSection },
};

/** Redis has this name beside `modules`: the list of modules alone. */
const MODULE_LIST = "module_list";

/** INFO [section …]: names in any case, each section once; unknown ones show nothing. */
export function info(context: Context, args: readonly Bytes[]): Reply {
  const isWanted = choose(args.slice(1).map((name) => name.toLowerCase()));
  const shown: string[] = [];
  for (const [name, row] of Object.entries(SECTIONS)) {
    if (!isWanted(name, row)) continue;
    let text = `# ${row.title}\r\n`;
    for (const [field, value] of row.section(context)) text += `${field}:${value}\r\n`;
    shown.push(text);
  }
  return new Verbatim("txt", shown.join("\r\n"));
}

function choose(names: readonly string[]): (name: string, row: SectionRow) => boolean {
  const asked = new Set(names.map((name) => (name === MODULE_LIST ? "modules" : name)));
  if (asked.has("all") || asked.has("everything")) return () => true;
  const withDefault = names.length === 0 || asked.has("default");
  return (name, { onDemand }) => asked.has(name) || (withDefault && onDemand !== true);
}
