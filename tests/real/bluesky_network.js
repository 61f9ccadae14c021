// The real PDS and AppView of Bluesky with some accounts, until standard input ends.
// Told on standard output: {"url": …, "dids": {…}} once all is there.
const { TestNetwork } = require('@atproto/dev-env')

async function main() {
  const network = await TestNetwork.create({
    pds: { hostname: 'localhost', enableDidDocWithSession: true },
    bsky: { dbPostgresSchema: 'bsky' },
  })
  const dids = {}
  for (const name of process.argv.slice(2)) {
    const account = { email: `${name}@shop.test`, handle: `${name}.test`, password: `${name}-pass` }
    const client = network.pds.getAgent ? network.pds.getAgent() : network.pds.getClient()
    const made = await client.com.atproto.server.createAccount(account)
    dids[name] = made.data.did
  }
  await network.processAll()
  console.log(JSON.stringify({ url: network.pds.url, dids }))
  process.stdin.on('end', () => process.exit(0)).resume()
}

main().catch((error) => {
  console.error(error)
  process.exit(1)
})
