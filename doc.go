// Package webrtc connects Go programs with browsers and with each other,
// peer to peer: an implementation of RTCPeerConnection (webrtc-pc) with audio,
// video and data channels, on ICE, DTLS, SRTP and SCTP.
//
// # A connection
//
// Two peers exchange descriptions, and candidates as they are found, over any
// channel that the program has. The rest is done here:
//
//	pc, err := webrtc.NewPeerConnection(webrtc.Configuration{
//		ICEServers: []webrtc.ICEServer{{URLs: []string{"stun:stun.example.org"}}},
//	})
//	if err != nil {
//		return err
//	}
//	defer pc.Close()
//
//	pc.OnICECandidate(func(c *webrtc.ICECandidate) {
//		if c != nil {
//			sendToPeer(c.ToJSON())
//		}
//	})
//	channel, err := pc.CreateDataChannel("chat", nil)
//	if err != nil {
//		return err
//	}
//	channel.OnOpen(func() { channel.SendText("hello") })
//	channel.OnMessage(func(m webrtc.DataChannelMessage) { fmt.Println(string(m.Data)) })
//
//	if err := pc.SetLocalDescription(webrtc.SessionDescription{}); err != nil {
//		return err
//	}
//	sendToPeer(pc.LocalDescription())
//
// What comes back goes to SetRemoteDescription and AddICECandidate. The peer
// does the same in the other order: SetRemoteDescription with the offer, then
// SetLocalDescription, which makes the answer.
//
// If both sides offer at once, the side whose SetRemoteDescription meets its
// own pending offer takes that offer back and answers; the program decides
// which side that is, by ignoring the other's offer on one of them.
//
// Negotiate does all of this in one call, whatever changes on either side and
// when, over a SignalChannel: a stream, a WebSocket (pkg/websocketsignal) or what
// the program has.
//
//	go webrtc.Negotiate(ctx, pc, webrtc.NewStreamSignalChannel(conn), webrtc.Polite)
//
// # Audio and video
//
// A program sends packets or samples that are encoded already, and receives
// packets:
//
//	track, err := webrtc.NewTrackLocalStaticSample(
//		webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8}, "camera", "me")
//	if err != nil {
//		return err
//	}
//	sender, err := pc.AddTrack(track)
//	if err != nil {
//		return err
//	}
//	sender.OnKeyFrameRequest(func(string) { encoder.KeyFrame() })
//	…
//	err = track.WriteSample(media.Sample{Data: frame, Duration: time.Second / 30})
//
//	pc.OnTrack(func(track *webrtc.TrackRemote, receiver *webrtc.RTPReceiver) {
//		for packet, err := range track.Packets() {
//			…
//		}
//	})
//
// All that a call needs beside that runs by itself, whether or not the program
// reads: lost packets are asked for and sent again (NACK, RTX), reports and
// feedback are exchanged, redundant audio is unpacked, streams are told apart by
// SSRC, MID, RID and payload type. A track's packets come as they arrive, each
// once; TrackRemote.SetOrdered has them read in order, OnPacketPush given to the
// program on the goroutine that reads the socket. docs/media.md has more.
//
// # Compatibility
//
// Names and signatures are those of github.com/pion/webrtc/v4, so that most
// programs change the import path only; behaviour is that of the W3C
// specification where the two differ. docs/compatibility.md lists every
// difference.
//
// # Errors
//
// Errors have the names of the specification as types in pkg/rtcerr, which
// errors.As finds, around a reason that errors.Is finds (ErrDataChannelNotOpen
// and the others below); what is used after Close matches net.ErrClosed. A call
// that fails has changed nothing.
//
// # Handlers and goroutines
//
// Handlers of a connection and its transports run one at a time in the order
// of the specification, before the call that caused them returns; only
// OnNegotiationNeeded's follows a moment later, once for a run of calls. Those of
// OnDataChannel and OnTrack have a goroutine each, and so has each data channel for
// its own events while there are any and a moment longer, so that a handler that blocks in OnMessage slows its own channel's
// peer and nothing else. Any method may be called from any handler, Close included.
//
// A connection runs these goroutines, all of which end with Close:
//
//   - its loop, which owns the control state (loop.run);
//   - a reader for each socket (socket.read), one for each local address, unless
//     the connection shares a port whose goroutine reads for all (SetICEUDPMux,
//     SetICETCPMux; internal/mux lists its goroutines), and one
//     for each way to a TURN server, with a writer where that is a stream (package
//     ice lists those with the other goroutines of gathering); they end with their
//     socket;
//   - a runner for events that the network caused, while there are any
//     (dispatcher.run);
//   - one for each running OnDataChannel or OnTrack handler, which ends with the
//     handler;
//   - one for each operation with a context, such as SetRemoteDescriptionContext,
//     which ends with the operation;
//   - one that closes the connection when the peer has ended DTLS, where
//     SettingEngine.DisableCloseByDTLS asks for it;
//   - two for each Negotiate that runs, which send and receive signals and end before
//     it returns (perfectNegotiation.sendAll and receiveAll);
//   - while the association comes up, one that waits for it; while a transport
//     or association is taken down, one that does it.
//
// On Linux the process keeps one netlink socket beyond them, which tells of changes of
// the network's interfaces. One goroutine waits for such changes for all connections
// (internal/netwatch); it ends with the last of them.
//
// What the packages below start is listed in their documentation: ice,
// internal/mux, internal/dtlstransport, internal/sctptransport and datachannel.
package webrtc
