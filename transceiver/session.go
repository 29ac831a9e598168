package transceiver

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/rtcp"

	"github.com/parleyrtc/webrtc/internal/rtcerr"
	"github.com/parleyrtc/webrtc/internal/srtptransport"
	"github.com/parleyrtc/webrtc/transceiver/feedback"
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

	rtt         atomic.Int64 // time.Duration; see noteRTT
	reducedSize atomic.Bool

	// in guards what follows: the receiving half. It is held for a packet's
	// decryption and way to its track, and not while anything is called that is
	// not the session's own.
	in     sync.Mutex
	closed bool
	opener *srtptransport.Opener
	early  parking // what came before the keys
	stats  SessionStats
	// epoch is the zero of the session's clock: an hour before the first packet,
	// so that no time that counts is 0.
	epoch time.Time

	receptions []Reception
	table      *table
	streams    map[uint32]*stream
	ring       []*stream // all streams; see victim
	hand       int
	parked     parking
	replay     bool          // one of parked may have found its place
	replayFrom time.Duration // when it is looked after the earliest
	// undelivered are tracks with packets that push handlers are to get, from
	// goroutines that do not call those.
	undelivered []*Track
	// owed are tracks whose readers are woken when the batch ends.
	owed []*Track

	nacking  []*stream     // those that miss packets
	measured time.Duration // round trip by answers to NACKs, 0 if not known
	wanting  []*stream     // those of which a key frame is wanted

	transport     *feedback.TransportRecorder // nil if not negotiated
	transportSSRC uint32                      // of the last packet in it
	congestion    *feedback.CongestionRecorder

	read          rtcpReader
	references    []reference // to be answered with the next report
	referenceSSRC uint32      // that our reference times are sent with

	// When something is to be done, 0 for never; promised is what NextTimeout has
	// returned.
	nackDue, keyFrameDue, parkDue time.Duration
	promised                      time.Time
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
	s := &Session{cfg: c, log: c.Logger, table: newTable(nil), streams: map[uint32]*stream{}}
	s.out.init(s)
	return s
}

func random() uint32 {
	var b [4]byte
	_, _ = rand.Read(b[:]) // it does not fail
	return binary.BigEndian.Uint32(b[:])
}

// at returns now on the session's clock. in is held.
func (s *Session) at(now time.Time) time.Duration {
	if s.epoch.IsZero() {
		s.epoch = now.Add(-time.Hour)
	}
	return now.Sub(s.epoch)
}

// sooner returns the earlier of two times of which 0 stands for never.
func sooner(a, b time.Duration) time.Duration {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}

// SetKeys gives the session the keys of its DTLS association. What has arrived
// before is opened now; the tracks' push handlers get it when the next packet
// comes or with the next Flush.
func (s *Session) SetKeys(sealer *srtptransport.Sealer, opener *srtptransport.Opener) {
	s.in.Lock()
	if s.closed {
		s.in.Unlock()
		return
	}
	s.out.setSealer(sealer)
	s.opener = opener
	early := s.early.take()
	s.in.Unlock()
	for _, p := range early {
		s.handle(p.b, p.info, p.rtcp, false)
	}
}

// HandleRTP takes a protected RTP packet that has arrived at the time now. b is
// lent until HandleRTP returns and is overwritten. ecn is the packet's ECN field
// (RFC 3168 §5), 0 if it is not known. Tracks' push handlers and OnTrack are
// called before it returns; readers are woken by Flush.
func (s *Session) HandleRTP(now time.Time, b []byte, ecn uint8) {
	s.handle(b, PacketInfo{Arrival: now, ECN: ecn}, false, true)
}

// HandleRTCP takes a protected RTCP packet, compound or reduced-size, as
// HandleRTP does.
func (s *Session) HandleRTCP(now time.Time, b []byte, ecn uint8) {
	s.handle(b, PacketInfo{Arrival: now, ECN: ecn}, true, true)
}

// NextTimeout returns when HandleTimeout is to be called; the zero time stands
// for never.
func (s *Session) NextTimeout() time.Time {
	s.in.Lock()
	s.promised = s.due()
	next := s.promised
	s.in.Unlock()
	return earliest(next, s.out.nextTimeout())
}

// earliest returns the earlier of two times of which the zero time stands for
// never.
func earliest(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// due returns when the receiving half has something to do. in is held.
func (s *Session) due() time.Time {
	at := sooner(sooner(s.nackDue, s.keyFrameDue), s.parkDue)
	if s.replay {
		at = sooner(at, max(s.replayFrom, 1))
	}
	var next time.Time
	if at != 0 {
		next = s.epoch.Add(at)
	}
	if s.transport != nil {
		next = earliest(next, s.transport.NextTimeout())
	}
	if s.congestion != nil {
		next = earliest(next, s.congestion.NextTimeout())
	}
	return next
}

// HandleTimeout does what is due: reports, repeated requests, feedback.
func (s *Session) HandleTimeout(now time.Time) {
	s.service(now, false)
	s.report(now)
	s.out.handleTimeout(now)
}

// WriteRTCP sends RTCP packets of the program's as one compound and returns how
// many bytes they took. What goes in front of them where reduced-size RTCP was not
// negotiated is not counted. The error matches net.ErrClosed while there are no
// keys, and once the session is closed.
func (s *Session) WriteRTCP(now time.Time, packets []rtcp.Packet) (int, error) {
	if len(packets) == 0 {
		return 0, nil
	}
	b, err := rtcp.Marshal(packets)
	if err != nil {
		return 0, err
	}
	if !s.reducedSize.Load() && !startsWithReport(b) {
		// RFC 3550 §6.1: "The first RTCP packet in the compound packet MUST always
		// be a report packet", and there is a CNAME in each.
		ssrc := s.out.ssrc()
		prefix := (&feedback.ReceiverReport{SSRC: ssrc}).Append(nil)
		err = s.out.sendRTCP(now, append(feedback.AppendCNAME(prefix, ssrc, s.cfg.CNAME), b...))
	} else {
		err = s.out.sendRTCP(now, b)
	}
	if err != nil {
		return 0, err
	}
	return len(b), nil
}

func startsWithReport(b []byte) bool {
	r := feedback.NewReader(b)
	p, _ := r.Next()
	return p.Type == feedback.TypeSenderReport || p.Type == feedback.TypeReceiverReport
}

// SetReducedSize says whether both sides agreed on reduced-size RTCP (RFC 5506):
// feedback is then sent without a report in front of it.
func (s *Session) SetReducedSize(on bool) { s.reducedSize.Store(on) }

// SendREMB tells the peer how much bandwidth there is for the video that it sends,
// in bits per second (draft-alvestrand-rmcat-remb-03). An InvalidStateError says
// that no video arrives for which this was negotiated.
func (s *Session) SendREMB(now time.Time, bitrate uint64) error {
	m := feedback.MaxBitrate{Sender: s.out.ssrc(), Bitrate: bitrate}
	s.in.Lock()
	for _, b := range s.table.bindings {
		b.lanes(func(l *lane) {
			if st := l.current; st != nil && st.format != nil && st.format.remb {
				m.SSRCs = append(m.SSRCs, st.ssrc)
			}
		})
	}
	s.in.Unlock()
	if len(m.SSRCs) == 0 {
		return &rtcerr.InvalidStateError{Err: errors.New("transceiver: no stream arrives for which goog-remb was negotiated")}
	}
	c := s.newCompounds()
	c.buf = m.Append(c.buf)
	return c.send(s, now)
}

// Close says goodbye to the peer (RFC 3550 §6.3.7) and frees all that the session
// holds. Tracks are left to their receivers. Nothing is called any more once it
// has returned, but for handlers that are running.
func (s *Session) Close(now time.Time) {
	s.in.Lock()
	if s.closed {
		s.in.Unlock()
		return
	}
	s.closed = true
	for _, r := range s.receptions {
		r.Receiver.session.CompareAndSwap(s, nil)
	}
	heard := len(s.streams) > 0
	s.early, s.parked = parking{}, parking{}
	s.receptions, s.table, s.streams, s.ring = nil, newTable(nil), nil, nil
	s.undelivered, s.nacking, s.wanting, s.references = nil, nil, nil, nil
	s.transport, s.congestion, s.opener = nil, nil, nil
	s.nackDue, s.keyFrameDue, s.parkDue, s.replay = 0, 0, 0, false
	s.in.Unlock()
	if ssrc := s.out.ssrc(); heard && ssrc == s.out.own {
		s.out.goodbye(now, []uint32{ssrc}) // reports were sent with it
	}
	s.out.close(now)
}

// RTT returns the newest measurement of the round-trip time to the peer, or 0 if
// there is none.
func (s *Session) RTT() time.Duration { return time.Duration(s.rtt.Load()) }

// noteRTT keeps a measurement of the round-trip time, if it can be believed.
func (s *Session) noteRTT(d time.Duration) {
	if d <= maxRTT {
		s.rtt.Store(int64(max(d, 1)))
	}
}
