package interop

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/rtp/codecs"
	"github.com/pion/sdp/v3"
	pion "github.com/pion/webrtc/v4"
	pionmedia "github.com/pion/webrtc/v4/pkg/media"

	"github.com/parleyrtc/webrtc"
)

// pionMedia is the media of a pionPeer: it plays clips as camera and microphone
// and counts what arrives.
type pionMedia struct {
	pc *pion.PeerConnection

	mu      sync.Mutex // guards all below
	sinks   []*sink
	players []*player
	senders []*pion.RTPSender
}

func newPionMedia(pc *pion.PeerConnection) *pionMedia {
	m := &pionMedia{pc: pc}
	pc.OnTrack(func(track *pion.TrackRemote, _ *pion.RTPReceiver) {
		k := newSink(track, track.Codec().MimeType, track.RID())
		m.mu.Lock()
		m.sinks = append(m.sinks, k)
		m.mu.Unlock()
		k.run()
	})
	return m
}

func (p *pionPeer) ofMedia() *pionMedia {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.media
}

func (p *pionPeer) dispatchMedia(method string, args arguments) (any, error) {
	m := p.ofMedia()
	switch method {
	case "sendMedia":
		var options struct {
			Audio     bool
			Codec     string
			Encodings []struct{ RID string }
		}
		if err := args.read(0, &options); err != nil {
			return nil, err
		}
		if options.Audio {
			if err := m.sends(webrtc.MimeTypeOpus, clipFiles[webrtc.MimeTypeOpus]); err != nil {
				return nil, err
			}
		}
		if len(options.Encodings) > 0 {
			return nil, m.sendsLayers()
		}
		return nil, m.sends(options.Codec, clipFiles[options.Codec])
	case "inbound":
		return m.inbound(), nil
	}
	return m.outbound(), nil
}

// track makes a track that plays a file once the connection is up.
func (m *pionMedia) track(mime, file string) (*pion.TrackLocalStaticSample, error) {
	clip, err := readFile(mime, file)
	if err != nil {
		return nil, err
	}
	track, err := pion.NewTrackLocalStaticSample(pion.RTPCodecCapability{MimeType: mime}, mime, "pion")
	if err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.players = append(m.players, newPlayer(clip, func(sample []byte, each time.Duration) error {
		return track.WriteSample(pionmedia.Sample{Data: sample, Duration: each})
	}))
	return track, nil
}

func (m *pionMedia) sends(mime, file string) error {
	track, err := m.track(mime, file)
	if err != nil {
		return err
	}
	sender, err := m.pc.AddTrack(track)
	if err != nil {
		return err
	}
	m.answersRTCP(sender)
	for _, transceiver := range m.pc.GetTransceivers() {
		if transceiver.Sender() != sender {
			continue
		}
		var codecs []pion.RTPCodecParameters
		for _, codec := range sender.GetParameters().Codecs {
			if strings.EqualFold(codec.MimeType, mime) {
				codecs = append(codecs, codec)
			}
		}
		return transceiver.SetCodecPreferences(codecs)
	}
	return errors.New("the sender has no transceiver")
}

// sendsLayers sends three sizes of one clip. pion leaves it to the program to
// write mid and rid into packets.
func (m *pionMedia) sendsLayers() error {
	var sender *pion.RTPSender
	for _, rid := range []string{"q", "h", "f"} {
		clip, err := readFile(webrtc.MimeTypeVP8, "simulcast-"+rid+".ivf")
		if err != nil {
			return err
		}
		track, err := pion.NewTrackLocalStaticRTP(pion.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8}, "layers", "pion", pion.WithRTPStreamID(rid))
		if err == nil && sender == nil {
			sender, err = m.pc.AddTrack(track)
		} else if err == nil {
			err = sender.AddEncoding(track)
		}
		if err != nil {
			return err
		}
		packetizer := rtp.NewPacketizer(1200, 0, 0, &codecs.VP8Payloader{EnablePictureID: true}, rtp.NewRandomSequencer(), 90000)
		of := sender
		m.mu.Lock()
		m.players = append(m.players, newPlayer(clip, func(sample []byte, each time.Duration) error {
			for _, packet := range packetizer.Packetize(sample, uint32(each*90000/time.Second)) {
				if err := errors.Join(m.identify(of, rid, packet), track.WriteRTP(packet)); err != nil {
					return err
				}
			}
			return nil
		}))
		m.mu.Unlock()
	}
	m.answersRTCP(sender)
	return nil
}

// identify writes mid and rid into a packet (RFC 8852 §3, RFC 9143 §15).
func (m *pionMedia) identify(sender *pion.RTPSender, rid string, packet *rtp.Packet) error {
	var mid string
	for _, transceiver := range m.pc.GetTransceivers() {
		if transceiver.Sender() == sender {
			mid = transceiver.Mid()
		}
	}
	var err error
	for _, e := range sender.GetParameters().HeaderExtensions {
		switch e.URI {
		case sdp.SDESMidURI:
			err = errors.Join(err, packet.SetExtension(uint8(e.ID), []byte(mid)))
		case sdp.SDESRTPStreamIDURI:
			err = errors.Join(err, packet.SetExtension(uint8(e.ID), []byte(rid)))
		}
	}
	return err
}

// answersRTCP has the interceptors of a sender read what comes for it.
func (m *pionMedia) answersRTCP(sender *pion.RTPSender) {
	m.mu.Lock()
	m.senders = append(m.senders, sender)
	all := m.players
	m.mu.Unlock()
	all[len(all)-1].serves(sender)
}

func (m *pionMedia) play() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, p := range m.players {
		p.play(0, func(error) {})
	}
}

func (m *pionMedia) end() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, p := range m.players {
		p.end()
	}
}

func (m *pionMedia) inbound() []rtpStats {
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []rtpStats
	for _, k := range m.sinks {
		a := k.counts()
		s := rtpStats{
			Kind: k.kind, Codec: k.mime, RID: k.rid, SSRC: k.ssrc(), PacketsReceived: float64(a.packets), PacketsLost: float64(a.missing),
			FramesDecoded: float64(a.frames), KeyFramesDecoded: float64(a.keyFrames),
		}
		if k.kind == "audio" {
			s.TotalAudioEnergy = float64(a.frames) // it hears nothing
		}
		all = append(all, s)
	}
	return all
}

func (m *pionMedia) outbound() []rtpStats {
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []rtpStats
	for _, sender := range m.senders {
		for _, e := range sender.GetParameters().Encodings {
			all = append(all, rtpStats{Kind: sender.Track().Kind().String(), RID: e.RID, SSRC: uint32(e.SSRC)})
		}
	}
	return all
}

// TestPionSimulcast sends three sizes of a clip to pion/webrtc and receives
// them from there. Who offers them sends them (RFC 8853 §5.3).
func TestPionSimulcast(t *testing.T) {
	t.Run("ours", func(t *testing.T) {
		c := startCall(t, thePeer(t, "pion"), nil)
		layers := c.sendsLayers()
		c.offers()
		c.waitConnected()
		for _, layer := range layers {
			layer.play(2 * second)
		}
		c.waitFor("pion receives more than 90 % of each layer", func() bool {
			complete := map[string]bool{}
			for _, s := range c.inbound() {
				complete[s.RID] = s.FramesDecoded > 0.9*2*second && s.KeyFramesDecoded > 0
			}
			return len(complete) == 3 && complete["q"] && complete["h"] && complete["f"]
		})
	})
	t.Run("theirs", func(t *testing.T) {
		c := startCall(t, thePeer(t, "pion"), nil)
		c.theySend(map[string]any{"encodings": []map[string]any{{"rid": "q"}, {"rid": "h"}, {"rid": "f"}}})
		c.answers()
		c.waitLayers()
	})
}

// sendsLayers sends three sizes of a clip as one track's encodings.
func (c *call) sendsLayers() []*outgoing {
	c.Helper()
	var layers []*outgoing
	for _, rid := range []string{"q", "h", "f"} {
		out := c.newOutgoing(loadFile(c.T, webrtc.MimeTypeVP8, "simulcast-"+rid+".ivf"), webrtc.WithRTPStreamID(rid))
		var err error
		if len(layers) == 0 {
			out.sender, err = c.pc.AddTrack(out.track)
		} else {
			out.sender = layers[0].sender
			err = out.sender.AddEncoding(out.track)
		}
		c.must(err)
		layers = append(layers, out)
	}
	layers[0].serves(layers[0].sender)
	return layers
}

// TestPionLoss loses every tenth packet both ways: NACKs bring them all.
func TestPionLoss(t *testing.T) {
	const share, frames = 0.1, 120
	c, video := startLossy(t, thePeer(t, "pion"), loadClip(t, webrtc.MimeTypeVP8))
	losses := []*drop{c.loses(video.sender, true, share), c.loses(video.sender, false, share)}
	video.play(frames)
	k := c.waitReceived("video", "frames", func(a arrivals) bool { return a.frames >= frames })
	c.waitFor("pion receives more than 90 % of our frames", func() bool {
		return video.sent.Load() == frames && c.inboundOf("video").FramesDecoded > 0.9*frames
	})
	for _, loss := range losses {
		loss.remove()
	}
	c.waitReceived("video", "all packets but one or two", func(a arrivals) bool { return a.missing <= 2 })
	c.Log(k, c.inboundOf("video"))
}
