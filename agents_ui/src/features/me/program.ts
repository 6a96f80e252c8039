/** What people call the program that a `User-Agent` names; the text itself where it names none that is known. */
const PROGRAMS: [RegExp, string][] = [
  [/Edg\//, 'Edge'], [/OPR\//, 'Opera'], [/Firefox\//, 'Firefox'], [/MicroMessenger/, 'WeChat'], [/Chrome\//, 'Chrome'], [/Safari\//, 'Safari'], [/curl\//, 'curl'],
]
const SYSTEMS: [RegExp, string][] = [
  [/Windows/, 'Windows'], [/Android/, 'Android'], [/iPhone|iPad/, 'iOS'], [/Mac OS X/, 'macOS'], [/Linux/, 'Linux'],
]

const first = (known: [RegExp, string][], agent: string) => known.find(([sign]) => sign.test(agent))?.[1]

export const programOf = (agent: string): string =>
  [first(PROGRAMS, agent), first(SYSTEMS, agent)].filter(Boolean).join(', ') || agent.slice(0, 60)
