package pion

import (
	"errors"
	"net"
	"time"

	"github.com/parleyrtc/webrtc/bench/peer"
	"github.com/pion/ice/v4"
	"github.com/pion/logging"
	"github.com/pion/webrtc/v4"
	"github.com/pion/webrtc/v4/pkg/media"
)

// A Library implements peer.Library.
type Library struct {
	settings webrtc.SettingEngine
	api      *webrtc.API
	fast     bool
}

// New returns the library as it comes or, if fast is set, with its fastest way to
// receive instead of the ordinary one. The functions change its settings further.
func New(fast bool, adjust ...func(*webrtc.SettingEngine)) *Library {
	var s webrtc.SettingEngine
	s.SetIncludeLoopbackCandidate(true)
	s.SetInterfaceFilter(func(name string) bool { return name == "lo" || name == "lo0" })
	s.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
	s.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	s.SetSCTPMaxMessageSize(maxMessage)
	if fast {
		prepareFast(&s)
	}
	for _, f := range adjust {
		f(&s)
	}
	return &Library{s, webrtc.NewAPI(webrtc.WithSettingEngine(s)), fast}
}

// OnePort implements peer.Library.
func (l *Library) OnePort() (peer.Library, func() error, error) {
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil, nil, err
	}
	mux := webrtc.NewICEUDPMux(logging.NewDefaultLoggerFactory().NewLogger("mux"), conn)
	s := l.settings
	s.SetICEUDPMux(mux)
	return &Library{s, webrtc.NewAPI(webrtc.WithSettingEngine(s)), l.fast}, mux.Close, nil
}

// maxMessage is the size of the largest message that a workload sends.
const maxMessage = 256 << 10

// New implements peer.Library.
func (l *Library) New() (peer.Peer, error) {
	pc, err := l.api.NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		return nil, err
	}
	return &connection{pc, l.fast}, nil
}

var vp8 = webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8, ClockRate: 90000}

type frameTrack struct{ *webrtc.TrackLocalStaticSample }

// NewFrameTrack implements peer.Library.
func (l *Library) NewFrameTrack() (peer.FrameTrack, error) {
	t, err := webrtc.NewTrackLocalStaticSample(vp8, "camera", "stream")
	return frameTrack{t}, err
}

// WriteFrame implements peer.FrameTrack.
func (t frameTrack) WriteFrame(frame []byte, duration time.Duration) error {
	return t.WriteSample(media.Sample{Data: frame, Duration: duration})
}

// NewPacketTrack implements peer.Library.
func (l *Library) NewPacketTrack() (peer.PacketTrack, error) {
	return webrtc.NewTrackLocalStaticRTP(vp8, "camera", "stream")
}

type connection struct {
	*webrtc.PeerConnection
	fast bool
}

func (c *connection) CreateChannel(reliable bool) (peer.Channel, error) {
	init := &webrtc.DataChannelInit{}
	if !reliable {
		ordered, retransmits := false, uint16(0)
		init.Ordered, init.MaxRetransmits = &ordered, &retransmits
	}
	d, err := c.CreateDataChannel("data", init)
	if err != nil {
		return nil, err
	}
	return channel{d, c.fast}, nil
}

func (c *connection) OnChannel(f func(peer.Channel)) {
	c.OnDataChannel(func(d *webrtc.DataChannel) { f(channel{d, c.fast}) })
}

func (c *connection) Send(track any) error {
	if t, ok := track.(frameTrack); ok {
		track = t.TrackLocalStaticSample
	}
	local, ok := track.(webrtc.TrackLocal)
	if !ok {
		return errors.New("a track of another library")
	}
	sender, err := c.AddTrack(local)
	if err != nil {
		return err
	}
	readRTCP(sender)
	return nil
}

func (c *connection) Receive() error {
	_, err := c.AddTransceiverFromKind(webrtc.RTPCodecTypeVideo, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly})
	return err
}

func (c *connection) OnPackets(f func([]byte)) {
	c.OnTrack(func(t *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
		if c.fast && pushPackets(t, f) {
			return
		}
		for packet := make([]byte, 1500); ; {
			n, _, err := t.Read(packet)
			if err != nil {
				return
			}
			f(packet[:n])
		}
	})
}

func (c *connection) OnConnected(f func()) {
	c.OnConnectionStateChange(func(s webrtc.PeerConnectionState) {
		if s == webrtc.PeerConnectionStateConnected {
			f()
		}
	})
}

func (c *connection) Offer() (string, error) {
	offer, err := c.CreateOffer(nil)
	if err != nil {
		return "", err
	}
	return c.describe(offer)
}

func (c *connection) Answer(offer string) (string, error) {
	if err := c.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: offer}); err != nil {
		return "", err
	}
	answer, err := c.CreateAnswer(nil)
	if err != nil {
		return "", err
	}
	return c.describe(answer)
}

// describe sets the local description and waits for its candidates.
func (c *connection) describe(d webrtc.SessionDescription) (string, error) {
	gathered := webrtc.GatheringCompletePromise(c.PeerConnection)
	if err := c.SetLocalDescription(d); err != nil {
		return "", err
	}
	<-gathered
	return c.LocalDescription().SDP, nil
}

func (c *connection) Accept(answer string) error {
	return c.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer})
}

type channel struct {
	*webrtc.DataChannel
	fast bool
}

func (c channel) OnLow(threshold uint64, f func()) {
	c.SetBufferedAmountLowThreshold(threshold)
	c.OnBufferedAmountLow(f)
}

func (c channel) OnMessage(f func([]byte)) {
	if c.fast {
		pushMessages(c.DataChannel, f)
		return
	}
	c.DataChannel.OnMessage(func(m webrtc.DataChannelMessage) { f(m.Data) })
}
