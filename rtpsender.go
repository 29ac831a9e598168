package webrtc

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/rtcp"

	"github.com/parleyrtc/webrtc/internal/rtcerr"
	"github.com/parleyrtc/webrtc/signaling"
	"github.com/parleyrtc/webrtc/transceiver"
)

// An RTPSender sends a track to the peer (webrtc-pc §5.2): one stream, or one for
// each RID with simulcast. It is one half of an RTPTransceiver.
type RTPSender struct {
	pc          *PeerConnection
	transceiver *RTPTransceiver
	kind        RTPCodecType
	dtmf        *DTMFSender // nil for video

	onKeyFrameRequest handler[func(rid string)]
	onBitrate         handler[func(bitsPerSecond uint64)]
	bitrate           atomic.Uint64 // that the handler is told of
	telling           atomic.Bool   // the handler will be called

	// plan is what the loop wants of the bindings, which sync brings about.
	plan  atomic.Pointer[senderPlan]
	syncs senderSync
	// operation serializes ReplaceTrack, AddEncoding and SetParameters.
	operation sync.Mutex

	// All below belongs to the loop.
	id          string   // second identifier of a=msid (RFC 8830)
	named       bool     // a local description has told it
	streamIDs   []string // [[AssociatedMediaStreamIds]]
	encodings   []*senderEncoding
	tracks      []TrackLocal            // one for each encoding, nil for none
	parameters  []RTPEncodingParameters // [[SendEncodings]]
	transaction senderTransaction
	degradation DegradationPreference
	// byName says that the peer knows the encodings by their RIDs, even if one is left.
	byName bool
	// ridless is what there was before a pending remote offer asked for several streams
	// (webrtc-pc §5.2, [[LastStableRidlessSendEncodings]]), nil if none has.
	ridless *ridlessEncoding

	// brought are the encodings of the plan that the last sync has brought about. They
	// belong to the goroutine that syncs.
	brought []*senderEncoding
}

// A senderEncoding is one stream of a sender.
type senderEncoding struct {
	rid       string
	ssrc, rtx uint32
	rtcp      *rtcpQueue
	keyFrame  atomic.Bool                            // the handler of key-frame requests will be called
	stream    atomic.Pointer[transceiver.SendStream] // while a track is bound to it
	known     atomic.Pointer[transceiver.SendStream] // core, for statistics

	// All below belongs to the goroutine that syncs the sender.
	bound *trackBinding // nil while nothing is sent
	// core is the stream, nil before the first track. It outlives a binding, so
	// that numbers go on. session is the one that it is of.
	core    *transceiver.SendStream
	session *transceiver.Session
}

// A senderPlan is what a sender should be doing, as the loop last saw it.
type senderPlan struct {
	encodings  []*senderEncoding
	tracks     []TrackLocal
	parameters []RTPEncodingParameters
	transport  *transport // nil before the section is described
	media      *signaling.Media
	// sending says that the negotiated direction has media go out.
	sending bool
	ended   bool
}

func newRTPSender(t *RTPTransceiver, track namedTrack, streamIDs []string, encodings []RTPEncodingParameters) *RTPSender {
	s := &RTPSender{pc: t.pc, transceiver: t, kind: t.kind, id: randomID(), streamIDs: streamIDs}
	if t.kind == RTPCodecTypeAudio {
		s.dtmf = &DTMFSender{sender: s}
	}
	if len(encodings) == 0 {
		// webrtc-pc §5.1: "If sendEncodings is empty, set it to a list containing
		// one encoding with active true". A track's own RID names it.
		encodings = []RTPEncodingParameters{{RTPCodingParameters: RTPCodingParameters{RID: track.rid}, Active: true}}
	}
	for _, e := range scaled(t.kind, trimmed(t.kind, encodings)) {
		s.addEncoding(e, track)
	}
	s.identify(track)
	s.refresh()
	return s
}

// addEncoding adds a stream, which sends track if their RIDs do not differ.
func (s *RTPSender) addEncoding(e RTPEncodingParameters, track namedTrack) {
	if e.SSRC == 0 {
		e.SSRC = SSRC(randomSSRC())
	}
	if e.RTX.SSRC == 0 {
		e.RTX.SSRC = SSRC(randomSSRC())
	}
	if track.rid != "" && track.rid != e.RID {
		track = namedTrack{}
	}
	s.encodings = append(slices.Clip(s.encodings), &senderEncoding{rid: e.RID, ssrc: uint32(e.SSRC), rtx: uint32(e.RTX.SSRC), rtcp: &rtcpQueue{}})
	s.tracks = append(slices.Clip(s.tracks), track.TrackLocal)
	s.parameters = append(slices.Clip(s.parameters), completed(s.kind, []RTPEncodingParameters{e})...)
}

// randomID returns 16 random bytes in hexadecimal, as an identifier of a sender
// or of a track.
func randomID() string {
	var b [16]byte
	rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

// randomSSRC returns an SSRC (RFC 3550 §8.1); 0 stands for none here.
func randomSSRC() uint32 {
	var b [4]byte
	for {
		rand.Read(b[:]) // never fails
		if v := binary.BigEndian.Uint32(b[:]); v != 0 {
			return v
		}
	}
}

// Track returns the track that is sent, or nil: with simulcast, that of the first
// stream that has one.
func (s *RTPSender) Track() TrackLocal {
	for _, t := range s.plan.Load().tracks {
		if t != nil {
			return t
		}
	}
	return nil
}

// Transport returns the transport that the media takes (webrtc-pc §5.2), or nil
// before the section is in a description that was set.
func (s *RTPSender) Transport() *DTLSTransport {
	if t := s.plan.Load().transport; t != nil {
		return t.publicDTLS
	}
	return nil
}

// DTMF returns what sends telephone tones (webrtc-pc §7), or nil for video.
func (s *RTPSender) DTMF() *DTMFSender { return s.dtmf }

// OnKeyFrameRequest sets the handler that is called when the peer needs a key
// frame (PLI, RFC 4585 §6.3.1, or FIR, RFC 5104 §4.3.1), with the RID of the
// stream. It runs on the connection's dispatcher.
func (s *RTPSender) OnKeyFrameRequest(f func(rid string)) { s.onKeyFrameRequest.set(f) }

// OnBitrateRequest sets the handler for the peer's estimate of what the path to
// it carries (REMB), in bits per second.
func (s *RTPSender) OnBitrateRequest(f func(bitsPerSecond uint64)) { s.onBitrate.set(f) }

// SetStreams changes the streams that the peer is to find the track in
// (webrtc-pc §5.2); the next exchange of descriptions, which is announced as
// needed, tells it. It returns an InvalidStateError after Close.
func (s *RTPSender) SetStreams(ids ...string) error {
	ids = distinct(ids)
	return s.pc.attempt("SetStreams", func(time.Time) error {
		s.streamIDs = ids
		s.pc.updateNegotiationNeeded()
		return nil
	})
}

// ReplaceTrack sends another track in place of the present one, without an
// exchange of descriptions (webrtc-pc §5.2): sequence numbers and timestamps go
// on without a jump. The track may use another of the negotiated codecs. nil
// stops sending. With several encodings, the track replaces that of its RID, or
// all if it has none.
//
// It returns a TypeError (ErrRTPSenderNewTrackHasIncorrectKind) for a track of
// another kind, an InvalidModificationError (ErrUnsupportedCodec) for one that the
// peer cannot take, after which the old one is sent, and an InvalidStateError
// once the transceiver is stopped.
func (s *RTPSender) ReplaceTrack(track TrackLocal) error {
	named, err := nameTrack(track)
	switch {
	case err != nil:
		return err
	case track != nil && named.kind != s.kind:
		return s.errKind(named)
	}
	s.operation.Lock()
	defer s.operation.Unlock()
	before := map[*senderEncoding]TrackLocal{}
	var id string
	err = s.pc.attempt("ReplaceTrack", func(time.Time) error {
		if s.transceiver.stopping {
			return errStopped("ReplaceTrack")
		}
		for i, e := range s.encodings {
			before[e] = s.tracks[i]
		}
		id = s.id
		if !s.takes(named) {
			return &rtcerr.InvalidAccessError{Err: fmt.Errorf("the track has RID %q, which is none of the sender's", named.rid)}
		}
		s.refresh()
		return nil
	})
	if err != nil || track == nil {
		return err
	}
	refused := s.sync(true)
	if refused == nil {
		return nil
	}
	_ = s.pc.attempt("ReplaceTrack", func(time.Time) error {
		s.giveBack(track, before, id)
		return nil
	})
	return &rtcerr.InvalidModificationError{Err: fmt.Errorf("the track %q cannot be sent: %w", named.id, refused)}
}

// AddEncoding adds a stream for simulcast before the sender has been negotiated:
// the track's RID names it, and has to differ from those that are there. It
// returns a TypeError for a track without RID or of another kind, and an
// InvalidStateError once the transceiver has a mid or is stopped.
func (s *RTPSender) AddEncoding(track TrackLocal) error {
	named, err := checkTrack(track)
	switch {
	case err != nil:
		return err
	case named.kind != s.kind:
		return s.errKind(named)
	case named.rid == "":
		return &rtcerr.TypeError{Err: fmt.Errorf("the track %q has no RID, which an encoding needs", named.id)}
	}
	s.operation.Lock()
	defer s.operation.Unlock()
	return s.pc.attempt("AddEncoding", func(time.Time) error {
		if s.transceiver.stopping {
			return errStopped("AddEncoding")
		}
		i := slices.IndexFunc(s.encodings, func(e *senderEncoding) bool { return e.rid == named.rid })
		switch {
		case i >= 0 && s.tracks[i] != nil:
			return &rtcerr.InvalidAccessError{Err: rtcerr.Because(ErrExistingTrack, fmt.Errorf("the encoding %q has a track", named.rid))}
		case i >= 0:
			s.setTrack(i, named)
		case s.transceiver.mid != "":
			return &rtcerr.InvalidStateError{Err: fmt.Errorf("the sender has been negotiated; an encoding cannot be added to it any more")}
		case slices.ContainsFunc(s.encodings, func(e *senderEncoding) bool { return e.rid == "" }):
			return &rtcerr.InvalidStateError{Err: fmt.Errorf("the sender's first encoding has no RID, which several need")}
		default:
			s.addEncoding(RTPEncodingParameters{RTPCodingParameters: RTPCodingParameters{RID: named.rid}, Active: true}, named)
		}
		s.refresh()
		return nil
	})
}

// Stop stops the sender's transceiver; see RTPTransceiver.Stop.
func (s *RTPSender) Stop() error { return s.transceiver.Stop() }

// Send is there for programs that were written for ORTC: here descriptions start
// what is sent. It returns an InvalidStateError.
func (s *RTPSender) Send(RTPSendParameters) error {
	return &rtcerr.InvalidStateError{Err: fmt.Errorf("Send: the sender belongs to a PeerConnection, whose descriptions start it")}
}

// Read copies the next compound RTCP packet about the sender's first stream into
// b and returns its length (RFC 3550 §6.1). It blocks; nothing depends on its
// being called. It returns io.ErrShortBuffer if b is too small, which loses the
// packet, os.ErrDeadlineExceeded, and io.EOF once the sender has ended.
func (s *RTPSender) Read(b []byte) (n int, a interceptor.Attributes, err error) {
	return s.readRTCP(s.plan.Load().encodings[0], b)
}

// ReadRTCP is Read with the packets parsed.
func (s *RTPSender) ReadRTCP() ([]rtcp.Packet, interceptor.Attributes, error) {
	return parseRTCP(s.Read)
}

// ReadSimulcast is Read for the stream with the RID. It returns an
// InvalidAccessError if there is none.
func (s *RTPSender) ReadSimulcast(b []byte, rid string) (n int, a interceptor.Attributes, err error) {
	e, err := s.encoding(rid)
	if err != nil {
		return 0, nil, err
	}
	return s.readRTCP(e, b)
}

// ReadSimulcastRTCP is ReadSimulcast with the packets parsed.
func (s *RTPSender) ReadSimulcastRTCP(rid string) ([]rtcp.Packet, interceptor.Attributes, error) {
	return parseRTCP(func(b []byte) (int, interceptor.Attributes, error) { return s.ReadSimulcast(b, rid) })
}

// SetReadDeadline has Read return os.ErrDeadlineExceeded from t on; the zero time
// is never.
func (s *RTPSender) SetReadDeadline(t time.Time) error {
	s.plan.Load().encodings[0].rtcp.setDeadline(t)
	return nil
}

// SetReadDeadlineSimulcast is SetReadDeadline for ReadSimulcast with the RID. It
// returns an InvalidAccessError if there is none.
func (s *RTPSender) SetReadDeadlineSimulcast(deadline time.Time, rid string) error {
	e, err := s.encoding(rid)
	if err != nil {
		return err
	}
	e.rtcp.setDeadline(deadline)
	return nil
}

func (s *RTPSender) encoding(rid string) (*senderEncoding, error) {
	for _, e := range s.plan.Load().encodings {
		if e.rid == rid {
			return e, nil
		}
	}
	return nil, &rtcerr.InvalidAccessError{Err: fmt.Errorf("RID %q is none of the sender's", rid)}
}

// sendsTrack, isVacant, setTrack, clearTracks and refresh run on the loop.

func (s *RTPSender) sendsTrack(track TrackLocal) bool {
	return slices.ContainsFunc(s.tracks, func(t TrackLocal) bool { return t == track })
}

func (s *RTPSender) isVacant() bool {
	return !slices.ContainsFunc(s.tracks, func(t TrackLocal) bool { return t != nil })
}

// takes has the encodings send a track: that of its RID, or all if it has none. It
// returns false if there is no such encoding.
func (s *RTPSender) takes(track namedTrack) (found bool) {
	for i := range s.encodings {
		if s.sends(i, track) {
			s.setTrack(i, track)
			found = true
		}
	}
	return found
}

// sends says whether encoding i is one for a track.
func (s *RTPSender) sends(i int, track namedTrack) bool {
	return track.rid == "" || track.rid == s.encodings[i].rid || len(s.encodings) == 1
}

func (s *RTPSender) hasEncodingFor(track namedTrack) bool {
	for i := range s.encodings {
		if s.sends(i, track) {
			return true
		}
	}
	return false
}

func (s *RTPSender) setTrack(i int, track namedTrack) {
	s.tracks = slices.Clone(s.tracks) // plans share it
	s.tracks[i] = track.TrackLocal
	s.identify(track)
}

// identify gives the sender the identifier of its first track, which the peer finds
// as TrackRemote.ID: RFC 8830 §3.1 lets an application choose it, within the
// grammar of a token. It stays for good then (RFC 9429 §5.2.2). A track that another
// sender has given its name, or had when it was described, goes by a random one: no two
// sections may name the same (RFC 8830 §2).
func (s *RTPSender) identify(track namedTrack) {
	if s.named || !isMsidID(track.id) || s.id == track.id {
		return
	}
	for _, t := range s.pc.transceivers {
		if o := t.Sender(); o != s && o.id == track.id {
			return
		}
	}
	s.id = track.id
}

// isMsidID checks the grammar of RFC 8830 §2: 1 to 64 characters of a token.
func isMsidID(s string) bool {
	const separators = "\"(),/:;<=>?@[\\]"
	return s != "" && len(s) <= 64 && !strings.ContainsFunc(s, func(r rune) bool {
		return r <= ' ' || r >= 0x7f || strings.ContainsRune(separators, r)
	})
}

// giveBack has the sender send what it did before track, where it has not been
// changed since: another call may have removed it, or a description the encoding. id
// is what it had then.
func (s *RTPSender) giveBack(track TrackLocal, before map[*senderEncoding]TrackLocal, id string) {
	tracks := slices.Clone(s.tracks)
	for i, t := range tracks {
		if t == track {
			tracks[i], s.id = before[s.encodings[i]], id
		}
	}
	s.tracks = tracks
	s.refresh()
}

func (s *RTPSender) errKind(track namedTrack) error {
	return &rtcerr.TypeError{Err: rtcerr.Because(ErrRTPSenderNewTrackHasIncorrectKind, fmt.Errorf("the track %q is %s, the sender's are %s", track.id, track.kind, s.kind))}
}

func (s *RTPSender) clearTracks() { s.tracks = make([]TrackLocal, len(s.tracks)) }

// refresh publishes what the sender should be doing; the call that the loop runs
// for brings it about (PeerConnection.finish).
func (s *RTPSender) refresh() {
	t := s.transceiver
	ended := t.stopping || s.pc.isClosed.Load()
	if ended {
		for _, e := range s.encodings {
			e.rtcp.close(errTrackEnded)
		}
	}
	s.plan.Store(&senderPlan{
		encodings:  s.encodings,
		tracks:     s.tracks,
		parameters: s.parameters,
		transport:  t.transport,
		media:      t.media,
		sending:    t.media != nil && directionFrom(t.media.Direction).sends() && !t.stopping,
		ended:      ended,
	})
	if c := &s.pc.chores; !slices.Contains(c.senders, s) {
		c.senders = append(c.senders, s)
	}
}

// described returns the sender's streams as signaling sees them. All are active to
// it: what the program pauses goes on without an exchange of descriptions
// (webrtc-pc §5.2), and only the peer's pauses are to come back.
func (s *RTPSender) described() []signaling.Encoding {
	out := make([]signaling.Encoding, len(s.encodings))
	for i, e := range s.encodings {
		out[i] = signaling.Encoding{RID: e.rid, Active: true, SSRC: e.ssrc, RTX: e.rtx}
	}
	return out
}
