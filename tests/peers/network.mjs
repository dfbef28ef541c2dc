// Bluesky's development network without its mock accounts, on ports of the caller's choice. "settle" on standard input waits until
// the AppView has indexed all that was written.
import { createInterface } from 'node:readline'
import { TestNetwork } from '@atproto/dev-env'

const port = (name) => Number(process.env[`PEER_${name}_PORT`])
const schema = process.env.PEER_SCHEMA
const network = await TestNetwork.create({
  dbPostgresSchema: schema,
  plc: { port: port('PLC') },
  pds: { port: port('PDS'), hostname: 'localhost', enableDidDocWithSession: true },
  bsky: { port: port('APPVIEW'), publicUrl: `http://localhost:${port('APPVIEW')}`, dbPostgresSchema: schema },
  ozone: { port: port('OZONE'), dbMaterializedViewRefreshIntervalMs: 30000 },
})
console.log('READY')
process.on('SIGTERM', async () => {
  await network.close()
  process.exit(0)
})
let settled = 0
for await (const line of createInterface({ input: process.stdin })) {
  if (line === 'settle') {
    await network.processAll()
    settled += 1
    console.log(`SETTLED ${settled}.`)
  }
}
