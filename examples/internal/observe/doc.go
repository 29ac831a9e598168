// Package observe watches the datagrams of a connection by wrapping the network
// that its SettingEngine is given, without any hook in the library:
//
//	settings.SetNetwork(observe.Network(ice.SystemNetwork(), func(p observe.Packet) {
//		fmt.Println(p.Remote, p.Description)
//	}))
//
// STUN messages, the records of a DTLS handshake and the packets of media are
// told; encrypted application data passes with no more than a look at its first
// byte.
package observe
