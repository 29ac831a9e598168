// Package turntest is a small TURN server (RFC 8656) for tests, over UDP on any
// udp.Network and over streams that a test accepts. It follows the rules that a
// client could break (permissions, channel numbers, integrity, lifetimes) to the
// letter and drops what breaks them.
//
//	server, err := turntest.Listen(host, netip.MustParseAddrPort("198.51.100.1:3478"), turntest.Config{
//		Username: "user", Password: "secret", Relays: []netip.Addr{netip.MustParseAddr("198.51.100.1")},
//	})
//	defer server.Close()
//
// A server has one goroutine for its socket, one for each stream and one for
// each allocation; Close ends them all and waits for them.
package turntest
