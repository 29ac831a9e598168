// Package peer is what a workload needs of a WebRTC library: little enough for
// one text to implement it on two libraries of the same API, so that a workload,
// written once, favours neither.
package peer

import (
	"time"

	"github.com/pion/rtp"
)

// A Library makes peers and tracks.
type Library interface {
	// New makes a peer as the library comes: default codecs and interceptors, a
	// fresh certificate, candidates of the loopback interface only.
	New() (Peer, error)
	// OnePort returns the same library with peers that share one UDP port, which is
	// closed when its peers are.
	OnePort() (shared Library, closePort func() error, err error)
	// NewFrameTrack makes a VP8 track that cuts frames into packets.
	NewFrameTrack() (FrameTrack, error)
	// NewPacketTrack makes a VP8 track of a program's own packets.
	NewPacketTrack() (PacketTrack, error)
}

// A Peer is one end of a connection. Handlers are set before Offer or Answer.
type Peer interface {
	// CreateChannel makes a data channel: reliable and ordered, or unordered
	// without retransmission.
	CreateChannel(reliable bool) (Channel, error)
	// OnChannel sets the handler for channels that the other end makes.
	OnChannel(func(Channel))
	// Send adds a track that the library has made, to be sent.
	Send(track any) error
	// Receive adds a video section in which the other end may send.
	Receive() error
	// OnPackets sets the function that is called with every RTP packet, which is
	// lent to it.
	OnPackets(func(packet []byte))
	// OnConnected sets the handler for the event that the connection is up.
	OnConnected(func())
	// Offer returns a description with all candidates.
	Offer() (string, error)
	// Answer takes an offer and returns the answer, with all candidates.
	Answer(offer string) (string, error)
	// Accept takes the answer.
	Accept(answer string) error
	Close() error
}

// A Channel is a data channel.
type Channel interface {
	// Send queues a message, which is copied.
	Send(message []byte) error
	// BufferedAmount is how many bytes are queued.
	BufferedAmount() uint64
	// OnLow sets the handler that runs when BufferedAmount falls to threshold.
	OnLow(threshold uint64, f func())
	OnOpen(func())
	// OnMessage sets the handler for messages, which are lent to it.
	OnMessage(func(message []byte))
}

// A FrameTrack is a track whose frames the library packetizes.
type FrameTrack interface {
	WriteFrame(frame []byte, duration time.Duration) error
}

// A PacketTrack is a track whose packets the program makes.
type PacketTrack interface {
	WriteRTP(*rtp.Packet) error
}
