// Package dtlstransport is the DTLS transport of a WebRTC connection
// (RFC 8827 §6.5, RFC 8842): the handshake over whatever path ICE has
// selected, the check of the peer's certificate against the fingerprints of its
// description (RFC 8122), application data for SCTP, and the keys of SRTP.
//
// A Transport is fed by HandleDatagram and sends by Config.Send; it knows no
// socket and no address. Datagrams that arrive before Start are kept, within
// bounds, since a peer may have its answer earlier than we have its
// fingerprint.
//
//	tr, err := dtlstransport.New(dtlstransport.Config{Certificates: certs, Send: path.Send})
//	…
//	err = tr.Start(dtlstransport.Active, remoteFingerprints)
//	association, err := sctptransport.Dial(ctx, sctptransport.Config{Conn: tr.Conn()})
//
// A Client is the same towards a server that authorities vouch for, as with TLS: a TURN
// server over DTLS.
//
// The handshake is pion/dtls's, the engine's. Between it and the path stands a
// filter: of what nobody has authenticated, the engine sees only what a handshake
// can need, since it would end the session on much else.
//
// # Records
//
// When the handshake is done the engine goes, and its keys and sequence numbers
// are taken over. From then on records are sealed and opened here: AES-128-GCM
// and AES-256-GCM (RFC 5288), ChaCha20-Poly1305 (RFC 7905). What the peer sends
// before that is kept and opened afterwards. Whoever calls HandleDatagram opens
// the records and leaves their data to Read. Append seals into a burst, and Flush
// sends it in one call. None of this costs an allocation.
//
// A peer that has missed our last flight repeats its own, and gets ours again for
// as long as the session lives: the same messages in new records. Renegotiation
// is refused by no_renegotiation.
//
// Of the other suites that Config.CipherSuites and Config.CustomCipherSuites can
// bring in, AES in CBC or CCM mode and the program's own, the engine keeps the
// records, with its goroutines and costs.
//
// # Goroutines
//
//   - Transport.run, one per transport from Start on: the handshake. It ends with
//     that or by Close.
//   - The engine starts two more, and one more for each read and each write of the
//     path. All end with the handshake.
//
// Where the records stay the engine's, all of these run until Close, the peer's
// close_notify or a fatal alert, with one more for each write of application
// data.
package dtlstransport
