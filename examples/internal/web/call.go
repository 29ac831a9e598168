package web

import (
	"sync"
	"time"

	"github.com/pion/rtp"

	"github.com/parleyrtc/webrtc"

	"github.com/parleyrtc/webrtc/examples/internal/codecs"
	"github.com/parleyrtc/webrtc/examples/internal/rtpcount"
)

// A call is what a session has of audio and video: each track that the browser
// sends is sent back to it, and can be recorded.
type call struct {
	session *session

	mu        sync.Mutex // guards all below
	echoes    map[*webrtc.RTPTransceiver]*echo
	recording *recording // nil if there is none
}

// An echo is a track on its way back.
type echo struct {
	kind  webrtc.RTPCodecType
	local *webrtc.TrackLocalStaticRTP

	mu       sync.Mutex // guards all below
	count    rtpcount.Counter
	keyFrame func() // asks the browser for one
}

func newCall(s *session) *call {
	return &call{session: s, echoes: map[*webrtc.RTPTransceiver]*echo{}}
}

// announced runs while the browser's offer is applied, so that the answer says
// that its track will be sent back.
func (c *call) announced(e webrtc.TrackEvent) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.echoes[e.Transceiver] != nil {
		return // of an earlier call, which goes on
	}
	kind := e.Track.Kind()
	local, err := webrtc.NewTrackLocalStaticRTP(codecs.Of(kind), "echo-"+kind.String(), "echo")
	if err == nil {
		err = e.Transceiver.Sender().ReplaceTrack(local)
	}
	if err == nil {
		err = e.Transceiver.Sender().SetStreams("echo")
	}
	if err == nil {
		err = e.Transceiver.SetDirection(webrtc.RTPTransceiverDirectionSendrecv)
	}
	if err != nil {
		c.session.server.logf("echo of %s: %v", kind, err)
		return
	}
	one := &echo{kind: kind, local: local, keyFrame: e.Track.RequestKeyFrame}
	one.count.ClockRate = local.Codec().ClockRate
	c.echoes[e.Transceiver] = one
	// A browser that lost a picture asks Go, whose encoder is the browser.
	e.Transceiver.Sender().OnKeyFrameRequest(func(string) { e.Track.RequestKeyFrame() })
}

// forward sends a track back, packet by packet, until it ends. It runs on a
// goroutine of its own.
func (c *call) forward(track *webrtc.TrackRemote, receiver *webrtc.RTPReceiver) {
	c.mu.Lock()
	one := c.echoes[receiver.RTPTransceiver()]
	c.mu.Unlock()
	if one == nil {
		return
	}
	var out rtp.Packet
	for packet, err := range track.Packets() {
		if err != nil {
			c.session.server.logf("%s: %v", track.Kind(), err)
			return
		}
		one.mu.Lock()
		one.count.Packet(packet, time.Now())
		one.mu.Unlock()
		// The extensions are the browser's; the library writes its own.
		out.Header = rtp.Header{
			Version: 2, Marker: packet.Marker, SequenceNumber: packet.SequenceNumber, Timestamp: packet.Timestamp,
		}
		out.Payload = packet.Payload
		// What cannot be sent, such as a packet that comes too late, is as good as
		// lost; the end of the connection ends the loop.
		_ = one.local.WriteRTP(&out)
		c.record(track.Kind(), packet)
	}
}

// counts returns how much of a kind has come: bytes of payload, packets that
// were sent and those that are lost.
func (c *call) counts(kind webrtc.RTPCodecType) (bytes, sent, lost int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, one := range c.echoes {
		if one.kind == kind {
			one.mu.Lock()
			bytes += one.count.Bytes()
			sent += one.count.Expected()
			lost += one.count.Lost()
			one.mu.Unlock()
		}
	}
	return bytes, sent, lost
}

// record gives a packet to the recording, if there is one.
func (c *call) record(kind webrtc.RTPCodecType, packet *rtp.Packet) {
	c.mu.Lock()
	r := c.recording
	c.mu.Unlock()
	if r == nil {
		return
	}
	if err := r.write(kind, packet); err != nil {
		c.session.tell(reply{Error: "The recording has ended: " + err.Error()})
		c.stopRecording()
	}
}

// startRecording begins a recording, unless there is one.
func (c *call) startRecording() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.recording != nil {
		return nil
	}
	dir, err := c.session.server.recordings()
	if err != nil {
		return err
	}
	if c.recording, err = newRecording(dir, time.Now()); err != nil {
		return err
	}
	for _, one := range c.echoes {
		if one.kind == webrtc.RTPCodecTypeVideo {
			one.keyFrame() // with which a file begins
		}
	}
	c.session.server.logf("recording to %s", c.recording.path)
	c.session.tell(reply{Recording: c.recording.state()})
	return nil
}

// stopRecording completes the files, if there is a recording.
func (c *call) stopRecording() {
	c.mu.Lock()
	r := c.recording
	c.recording = nil
	c.mu.Unlock()
	if r == nil {
		return
	}
	if err := r.close(); err != nil {
		c.session.tell(reply{Error: err.Error()})
	}
	state := r.state()
	c.session.server.logf("recorded %s", state)
	c.session.tell(reply{Recording: state})
}

// recordingState tells the page how far the recording is.
func (c *call) recordingState() {
	c.mu.Lock()
	r := c.recording
	c.mu.Unlock()
	if r != nil {
		c.session.tell(reply{Recording: r.state()})
	}
}
