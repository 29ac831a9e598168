package datachannel

import "sync/atomic"

// counters are the figures of a channel.
type counters struct {
	messagesSent, bytesSent         atomic.Uint64
	messagesReceived, bytesReceived atomic.Uint64
	dropped, expired                atomic.Uint64
}

// ChannelStats are the figures of a channel (RTCDataChannelStats, webrtc-stats
// §8.14). Bytes are those of messages, without any header.
type ChannelStats struct {
	// Serial is the channel's number among all of the process.
	Serial                          uint64
	MessagesSent, BytesSent         uint64 // given to the transport
	MessagesReceived, BytesReceived uint64
	// Dropped counts received messages that nobody took.
	Dropped uint64
	// Expired counts messages that were not sent within maxPacketLifeTime.
	Expired uint64
}

// Stats returns the figures of the moment.
func (c *Channel) Stats() ChannelStats {
	return ChannelStats{
		Serial:           c.serial,
		MessagesSent:     c.stats.messagesSent.Load(),
		BytesSent:        c.stats.bytesSent.Load(),
		MessagesReceived: c.stats.messagesReceived.Load(),
		BytesReceived:    c.stats.bytesReceived.Load(),
		Dropped:          c.stats.dropped.Load(),
		Expired:          c.stats.expired.Load(),
	}
}

// serials numbers channels.
var serials atomic.Uint64

// Channels returns the channels that the session has now, in no order: one that is
// closed is none of them once its id is free.
func (s *Session) Channels() []*Channel {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.all()
}

type sessionCounters struct {
	opened, closed                                  atomic.Uint64
	malformed, wrongParity, duplicateOpen, strayAck atomic.Uint64
	dataBeforeOpen, unknownPPID, oversized, refused atomic.Uint64
}

// Stats are the figures of a session: channels, and what the peer sent that it
// should not have.
type Stats struct {
	// Opened and Closed count channels that reached these states
	// (RTCPeerConnectionStats, webrtc-stats §8.13).
	Opened, Closed uint64

	Malformed      uint64 // DCEP messages that do not parse; the stream is reset if it has no channel
	WrongParity    uint64 // channels with an id that is ours to choose; the stream is reset
	DuplicateOpen  uint64 // DATA_CHANNEL_OPEN for a channel that is there; ignored
	StrayAck       uint64 // DATA_CHANNEL_ACK that was not asked for; ignored
	DataBeforeOpen uint64 // streams with too much user data and no channel; reset
	UnknownPPID    uint64 // messages with an unknown payload protocol identifier; dropped
	Oversized      uint64 // messages beyond MaxMessageSize; the channel is closed
	Refused        uint64 // streams beyond what is handled at once; reset
}

// Stats returns the figures of the moment.
func (s *Session) Stats() Stats {
	n := &s.counts
	return Stats{
		Opened:         n.opened.Load(),
		Closed:         n.closed.Load(),
		Malformed:      n.malformed.Load(),
		WrongParity:    n.wrongParity.Load(),
		DuplicateOpen:  n.duplicateOpen.Load(),
		StrayAck:       n.strayAck.Load(),
		DataBeforeOpen: n.dataBeforeOpen.Load(),
		UnknownPPID:    n.unknownPPID.Load(),
		Oversized:      n.oversized.Load(),
		Refused:        n.refused.Load(),
	}
}
