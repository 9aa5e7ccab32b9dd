// A real authorization server on a port of its own: device flow, refresh tokens that change with each use. It says on standard
// output where it is and what is asked of its token endpoint, and ends with its standard input.
import { webcrypto } from 'node:crypto'
import { createServer } from 'node:http'
import Provider from 'oidc-provider'

// Node 18, which Debian 12 has, lacks what the provider uses.
globalThis.crypto ??= webcrypto
globalThis.CryptoKey ??= webcrypto.CryptoKey
URL.parse ??= (text, base) => URL.canParse(text, base) ? new URL(text, base) : null

const server = createServer()
server.listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`
  const provider = new Provider(issuer, {
    clients: [{
      client_id: 'modelforge',
      token_endpoint_auth_method: 'none',
      grant_types: ['urn:ietf:params:oauth:grant-type:device_code', 'refresh_token'],
      redirect_uris: [],
      response_types: [],
    }],
    features: { deviceFlow: { enabled: true } },
    scopes: ['openid', 'offline_access'],
    ttl: { AccessToken: 3600, DeviceCode: 600, RefreshToken: 86400, Grant: 86400, Session: 86400, Interaction: 600 },
  })
  provider.on('grant.success', (ctx) => console.log(`granted ${ctx.oidc.params.grant_type}`))
  provider.on('grant.error', (ctx, error) => console.log(`refused ${error.error}`))
  server.on('request', provider.callback())
  console.log(issuer)
})
process.stdin.on('end', () => process.exit(0)).resume()
