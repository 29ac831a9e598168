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
// The handshake is pion/dtls's. Between it and the path stands a filter: of
// what nobody has authenticated, the engine sees only what a handshake can
// need, since it would end the session on much else.
//
// # Goroutines
//
//   - Transport.run, one per transport from Start on: handshake, then moving
//     records to Read's queue; ends when the engine has, by Close, the peer's
//     close_notify, a fatal alert or a failed handshake.
//   - The engine starts two more for the time of the session, and one more for
//     each read and each write of the path and each write of application
//     data; all end with it.
package dtlstransport
