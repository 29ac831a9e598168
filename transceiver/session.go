package transceiver

import (
	"crypto/rand"
	"encoding/binary"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/rtcp"

	"github.com/parleyrtc/webrtc/internal/srtptransport"
)

// SessionConfig is what a [Session] works with.
type SessionConfig struct {
	// Send puts protected packets on the path. It must not block and does not
	// keep them. It is called from any goroutine that calls into the session.
	Send func(packets [][]byte) error
	// Wake says that NextTimeout has become earlier. It is called from any
	// goroutine that calls into the session, and must not block. It may be nil.
	Wake func()
	// CNAME is the canonical name that reports carry (RFC 3550 §6.5.1): the same
	// for all sources of an endpoint, at most 255 bytes long.
	CNAME string
	// Rand returns random numbers, for SSRCs and for the times of reports; nil
	// stands for crypto/rand.
	Rand func() uint32
	// Logger gets what is worth to be known; nil discards it.
	Logger *slog.Logger
}

// A Session is the RTP session of one transport: of a whole connection where
// all is bundled. Its methods may be called from any goroutine.
type Session struct {
	cfg SessionConfig
	log *slog.Logger
	out sendHalf

	rtt atomic.Int64 // time.Duration; see noteRTT

	in sync.Mutex // guards what follows
}

// NewSession returns a session without keys, receivers and senders.
func NewSession(c SessionConfig) *Session {
	if c.Send == nil {
		c.Send = func([][]byte) error { return nil }
	}
	if c.Wake == nil {
		c.Wake = func() {}
	}
	if c.Rand == nil {
		c.Rand = random
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Session{cfg: c, log: c.Logger}
	s.out.init(s)
	return s
}

func random() uint32 {
	var b [4]byte
	_, _ = rand.Read(b[:]) // it does not fail
	return binary.BigEndian.Uint32(b[:])
}

// SetKeys gives the session the keys of its DTLS association. What has arrived
// before is opened now; the tracks' push handlers get it when the next packet
// comes or with the next Flush.
func (s *Session) SetKeys(sealer *srtptransport.Sealer, opener *srtptransport.Opener) {
	s.out.setSealer(sealer)
}

// HandleRTP takes a protected RTP packet that has arrived at the time now. b is
// lent until HandleRTP returns and is overwritten. ecn is the packet's ECN field
// (RFC 3168 §5), 0 if it is not known. Tracks' push handlers and OnTrack are
// called before it returns.
func (s *Session) HandleRTP(now time.Time, b []byte, ecn uint8) {}

// HandleRTCP takes a protected RTCP packet, compound or reduced-size, as
// HandleRTP does.
func (s *Session) HandleRTCP(now time.Time, b []byte, ecn uint8) {}

// Flush ends a batch of packets that were read together: the feedback that they
// made due is sent.
func (s *Session) Flush(now time.Time) {}

// NextTimeout returns when HandleTimeout is to be called; the zero time stands
// for never.
func (s *Session) NextTimeout() time.Time { return s.out.nextTimeout() }

// HandleTimeout does what is due: reports, repeated requests, feedback.
func (s *Session) HandleTimeout(now time.Time) { s.out.handleTimeout(now) }

// WriteRTCP sends RTCP packets of the program's as one compound and returns its
// length in bytes.
func (s *Session) WriteRTCP(now time.Time, packets []rtcp.Packet) (int, error) { return 0, nil }

// SetReducedSize says whether both sides agreed on reduced-size RTCP (RFC 5506):
// feedback is then sent without a report in front of it.
func (s *Session) SetReducedSize(on bool) {}

// SetReceivers sets which receivers the transport's packets are for, all at
// once. Receivers that are not listed any more are detached; their tracks stay
// as they are. What has arrived for receivers that were not there is delivered
// now, to push handlers with the next packet or Flush.
func (s *Session) SetReceivers(receptions []Reception) {}

// SendREMB tells the peer how much bandwidth there is for what it sends, in bits
// per second (draft-alvestrand-rmcat-remb).
func (s *Session) SendREMB(now time.Time, bitrate uint64) error { return nil }

// Close says goodbye to the peer (RFC 3550 §6.3.7) and frees all that the session
// holds. Tracks are left to their receivers. Nothing is called any more once it
// has returned, but for handlers that are running.
func (s *Session) Close(now time.Time) { s.out.close(now) }

// RTT returns the newest measurement of the round-trip time to the peer, or 0 if
// there is none.
func (s *Session) RTT() time.Duration { return time.Duration(s.rtt.Load()) }

// noteRTT keeps a measurement of the round-trip time.
func (s *Session) noteRTT(d time.Duration) { s.rtt.Store(int64(max(d, 1))) }
