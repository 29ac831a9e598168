// Package datachannel implements WebRTC data channels (RFC 8831) and their
// establishment protocol (RFC 8832) over an SCTP association, with the behaviour
// of RTCDataChannel (webrtc-pc §6.2).
//
// The package may be imported, but only the root package webrtc promises
// compatibility.
//
// A [Session] is the data channels of one connection. Channels are created with
// [Session.Open], before or after the association is there; [Session.Start] gives
// the session its association, and channels that the peer opens are announced to
// OnChannel:
//
//	s := datachannel.NewSession(datachannel.SessionConfig{OnChannel: accept})
//	defer s.Close(nil)
//	c, err := s.Open(datachannel.Params{Label: "chat", Ordered: true})
//	…
//	c.SetEvents(datachannel.Events{
//		OnOpen:    func() { c.Send([]byte("hello"), true) },
//		OnMessage: func(data []byte, isString bool) { … },
//	})
//	a, err := sctptransport.Dial(ctx, sctptransport.Config{Conn: conn})
//	…
//	err = s.Start(datachannel.SCTP(a), dtlsClient, remoteMaxMessageSize, a.MaxChannels())
//
// # Sending
//
// Send queues a message in the channel. The session gives the transport about as
// much as fits the path, and no more, so that a message can still expire
// (maxPacketLifeTime), so that channels share the association by priority, and so
// that BufferedAmount is what the program has to wait for. A program that sends
// faster than the path waits for OnBufferedAmountLow, or uses SendContext or
// WaitWritable, which wait for it, or Write, which blocks while 1 MiB is queued.
//
// # Receiving
//
// A message goes to OnMessage, to OnMessagePush, or to a blocking read. A program
// that is slow in one of these slows the peer down: its queue takes 1 MiB, then
// the association's receive window fills. That window is shared by all
// channels, which is SCTP's nature, but up to there no channel delays another.
// If nothing takes a channel's messages, because it has no message handler and
// nobody reads, 1 MiB of them is held for later and the rest is dropped and
// counted, since a program that does not listen must not stop the others. All
// channels of a session together hold 64 MiB; beyond that, those that are read have
// one message at a time, and the others lose what comes.
//
// A message larger than the session's MaxMessageSize closes the channel with an
// error. A string that is not UTF-8 is delivered with U+FFFD in place of what is
// wrong, as the web API has it.
//
// # Closing
//
// Close sends what is queued, resets the stream, and the channel is closed when
// the peer has reset its own (RFC 8831 §6.7). The id is free again then, but ids
// are used in turn, so that it is used again late.
//
// # Goroutines
//
// A session that is idle runs none, whatever the number of its channels. The
// goroutine of the association that reads packets also reads the messages that they
// complete and queues them for the program. Those that are started, and each but
// the last has ended when Session.Close returns:
//
//   - Channel.readable, when the queue of a channel that was full has room again:
//     reads what the association has for it meanwhile, and ends. It does not
//     call handlers.
//   - inbox.serve, for a message or event that comes while nobody calls handlers of
//     the channel: calls the handlers that are due, waits for up to 100 ms for more
//     messages, and ends. One that is in a handler of the program ends when the
//     handler returns.
//
// Timers run the expiry of messages, the hand-over from a handler that runs
// long, the end of the wait for more messages, and the announcement of channels out of order; Session.Close stops them.
// There is no goroutine for sending: Send gives the transport what it takes, and
// the transport calls back when it takes more.
package datachannel
