package webrtc

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/pion/interceptor"
	"github.com/pion/interceptor/pkg/flexfec"
	"github.com/pion/interceptor/pkg/nack"
	"github.com/pion/interceptor/pkg/report"

	"github.com/parleyrtc/webrtc/internal/codec"
	"github.com/parleyrtc/webrtc/pkg/rtcerr"
	"github.com/parleyrtc/webrtc/sdp"
	"github.com/parleyrtc/webrtc/transceiver/extension"
)

func vp8(pt PayloadType) RTPCodecParameters {
	return RTPCodecParameters{
		RTPCodecCapability: RTPCodecCapability{MimeType: MimeTypeVP8, ClockRate: 90000},
		PayloadType:        pt,
	}
}

func rtx(pt PayloadType, apt string) RTPCodecParameters {
	return RTPCodecParameters{
		RTPCodecCapability: RTPCodecCapability{MimeType: MimeTypeRTX, ClockRate: 90000, SDPFmtpLine: "apt=" + apt},
		PayloadType:        pt,
	}
}

func opus(pt PayloadType) RTPCodecParameters {
	return RTPCodecParameters{
		RTPCodecCapability: RTPCodecCapability{MimeType: MimeTypeOpus, ClockRate: 48000, Channels: 2},
		PayloadType:        pt,
	}
}

// engine returns a MediaEngine with VP8, its retransmission, and Opus.
func engine(t *testing.T) *MediaEngine {
	t.Helper()
	m := &MediaEngine{}
	for _, c := range []RTPCodecParameters{vp8(96), rtx(97, "96")} {
		if err := m.RegisterCodec(c, RTPCodecTypeVideo); err != nil {
			t.Fatal(err)
		}
	}
	if err := m.RegisterCodec(opus(111), RTPCodecTypeAudio); err != nil {
		t.Fatal(err)
	}
	return m
}

func names(codecs []codec.Codec) string {
	var out []string
	for _, c := range codecs {
		out = append(out, c.Name())
	}
	return strings.Join(out, " ")
}

func TestRegisterCodec(t *testing.T) {
	m := engine(t)
	if err := m.RegisterCodec(vp8(96), RTPCodecTypeVideo); err != nil {
		t.Errorf("the same again: %v", err)
	}
	other := vp8(96)
	other.MimeType = MimeTypeVP9
	var modification *rtcerr.InvalidModificationError
	if err := m.RegisterCodec(other, RTPCodecTypeVideo); !errors.Is(err, ErrCodecAlreadyRegistered) || !errors.As(err, &modification) {
		t.Errorf("another under the payload type: %v", err)
	}
	// A payload type is each kind's own, and a codec may have several.
	if err := m.RegisterCodec(opus(96), RTPCodecTypeAudio); err != nil {
		t.Errorf("audio with a payload type of video: %v", err)
	}
	if err := m.RegisterCodec(vp8(98), RTPCodecTypeVideo); err != nil {
		t.Errorf("VP8 again: %v", err)
	}
	if got := names(m.codecs(codec.Video)); got != "VP8 rtx VP8" {
		t.Errorf("video is %s", got)
	}
	if got := names(m.codecs(codec.Audio)); got != "opus opus" {
		t.Errorf("audio is %s", got)
	}
	// There is one constant for what serves both kinds.
	if err := m.RegisterCodec(RTPCodecParameters{
		RTPCodecCapability: RTPCodecCapability{MimeType: MimeTypeRTX, ClockRate: 48000, SDPFmtpLine: "apt=111"}, PayloadType: 112,
	}, RTPCodecTypeAudio); err != nil {
		t.Fatal(err)
	}
	if last := m.codecs(codec.Audio)[2]; last.MimeType != "audio/rtx" {
		t.Errorf("retransmission of audio is %s", last.MimeType)
	}
}

func TestRegisterCodecRefuses(t *testing.T) {
	for _, c := range []struct {
		name   string
		typ    RTPCodecType
		change func(*RTPCodecParameters)
		want   error
	}{
		{"no kind", RTPCodecTypeUnknown, func(*RTPCodecParameters) {}, new(rtcerr.TypeError)},
		{"another kind", RTPCodecTypeAudio, func(*RTPCodecParameters) {}, new(rtcerr.TypeError)},
		{"payload type", RTPCodecTypeVideo, func(p *RTPCodecParameters) { p.PayloadType = 128 }, new(rtcerr.RangeError)},
		{"no clock rate", RTPCodecTypeVideo, func(p *RTPCodecParameters) { p.ClockRate = 0 }, new(rtcerr.TypeError)},
		{"no name", RTPCodecTypeVideo, func(p *RTPCodecParameters) { p.MimeType = "" }, new(rtcerr.TypeError)},
		{"no name but a kind", RTPCodecTypeVideo, func(p *RTPCodecParameters) { p.MimeType = "video/" }, new(rtcerr.TypeError)},
		{"a name that is two", RTPCodecTypeVideo, func(p *RTPCodecParameters) { p.MimeType = "video/VP8/90000" }, new(rtcerr.TypeError)},
		{"parameters of two lines", RTPCodecTypeVideo, func(p *RTPCodecParameters) { p.SDPFmtpLine = "a=1\r\nm=audio" }, new(rtcerr.TypeError)},
	} {
		m, p := &MediaEngine{}, vp8(96)
		c.change(&p)
		err := m.RegisterCodec(p, c.typ)
		if err == nil || errorName(err) != errorName(c.want) {
			t.Errorf("%s: %v, want a %s", c.name, err, errorName(c.want))
		}
		if c.typ == RTPCodecTypeUnknown && !errors.Is(err, ErrUnknownType) {
			t.Errorf("%s: %v does not match ErrUnknownType", c.name, err)
		}
		if len(m.codecs(codec.Video))+len(m.codecs(codec.Audio)) > 0 {
			t.Errorf("%s: it was registered all the same", c.name)
		}
	}
	// The kind may be left out of the MIME type.
	m, p := &MediaEngine{}, vp8(96)
	p.MimeType = "VP8"
	if err := m.RegisterCodec(p, RTPCodecTypeVideo); err != nil || m.codecs(codec.Video)[0].MimeType != MimeTypeVP8 {
		t.Errorf("VP8 without a kind: %v", err)
	}
}

func errorName(err error) string {
	name, _, _ := strings.Cut(err.Error(), ":")
	return name
}

func TestRegisterDefaultCodecs(t *testing.T) {
	m := &MediaEngine{}
	for range 2 {
		if err := m.RegisterDefaultCodecs(); err != nil {
			t.Fatal(err)
		}
	}
	for _, kind := range []codec.Kind{codec.Audio, codec.Video} {
		if got, want := names(m.codecs(kind)), names(codec.Defaults(kind)); got != want {
			t.Errorf("%s is %s, want %s", kind, got, want)
		}
	}
	// One that is taken leaves all out.
	m = &MediaEngine{}
	if err := m.RegisterCodec(vp8(98), RTPCodecTypeVideo); err != nil {
		t.Fatal(err)
	}
	if err := m.RegisterDefaultCodecs(); !errors.Is(err, ErrCodecAlreadyRegistered) {
		t.Errorf("with VP9's payload type taken: %v", err)
	}
	if a, v := names(m.codecs(codec.Audio)), names(m.codecs(codec.Video)); a != "" || v != "VP8" {
		t.Errorf("audio is %q and video %q after the failure", a, v)
	}
}

func TestRegisterFeedback(t *testing.T) {
	m := engine(t)
	before := m.codecs(codec.Video)
	for range 2 {
		m.RegisterFeedback(RTCPFeedback{Type: TypeRTCPFBNACK}, RTPCodecTypeVideo)
		m.RegisterFeedback(RTCPFeedback{Type: TypeRTCPFBNACK, Parameter: "pli"}, RTPCodecTypeVideo)
	}
	m.RegisterFeedback(RTCPFeedback{Type: TypeRTCPFBNACK}, RTPCodecTypeUnknown)
	m.RegisterFeedback(RTCPFeedback{}, RTPCodecTypeVideo)
	got := m.codecs(codec.Video)
	if want := []codec.Feedback{{Type: "nack"}, {Type: "nack", Parameter: "pli"}}; !slices.Equal(got[0].Feedback, want) {
		t.Errorf("VP8 has %v, want %v", got[0].Feedback, want)
	}
	if len(got[1].Feedback) > 0 {
		t.Errorf("retransmission has %v of its own", got[1].Feedback)
	}
	if len(m.codecs(codec.Audio)[0].Feedback) > 0 {
		t.Error("audio has feedback")
	}
	if len(before[0].Feedback) > 0 {
		t.Error("what was read before has changed")
	}
}

func TestRegisterHeaderExtension(t *testing.T) {
	m := &MediaEngine{}
	register := func(uri string, typ RTPCodecType, directions ...RTPTransceiverDirection) error {
		return m.RegisterHeaderExtension(RTPHeaderExtensionCapability{URI: uri}, typ, directions...)
	}
	for _, err := range []error{
		register("urn:both", RTPCodecTypeVideo),
		register("urn:both too", RTPCodecTypeVideo), // refused
		register("urn:send", RTPCodecTypeVideo, RTPTransceiverDirectionSendonly),
		register("urn:receive", RTPCodecTypeVideo),
		register("urn:receive", RTPCodecTypeVideo, RTPTransceiverDirectionRecvonly),
		register("urn:two", RTPCodecTypeVideo, RTPTransceiverDirectionSendonly, RTPTransceiverDirectionRecvonly),
		register("urn:inactive", RTPCodecTypeVideo, RTPTransceiverDirectionInactive),  // refused
		register("urn:sendrecv", RTPCodecTypeVideo, RTPTransceiverDirectionSendrecv),  // refused
		register("urn:nothing", RTPCodecTypeUnknown, RTPTransceiverDirectionSendonly), // refused
		register("", RTPCodecTypeAudio),                                               // refused
		register(extension.AudioLevel, RTPCodecTypeAudio),
	} {
		var typeError *rtcerr.TypeError
		if err != nil && !errors.As(err, &typeError) {
			t.Error(err)
		}
	}
	if err := register("urn:x", RTPCodecTypeAudio, RTPTransceiverDirectionInactive); !errors.Is(err, ErrRegisterHeaderExtensionInvalidDirection) {
		t.Errorf("inactive: %v", err)
	}
	if err := register("urn:x", 0); !errors.Is(err, ErrUnknownType) {
		t.Errorf("no kind: %v", err)
	}
	var got []string
	for _, kind := range []codec.Kind{codec.Video, codec.Audio} {
		for _, e := range m.extensions(kind) {
			got = append(got, kind.String()+" "+e.URI+" "+e.Direction.String())
		}
	}
	unspecified := sdp.DirectionUnspecified.String()
	want := []string{
		"video " + extension.MID + " " + unspecified, // always
		"video urn:both " + unspecified,
		"video urn:send sendonly",
		"video urn:receive recvonly",
		"video urn:two " + unspecified,
		"audio " + extension.MID + " " + unspecified,
		"audio " + extension.AudioLevel + " " + unspecified,
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if err := register(extension.MID, RTPCodecTypeVideo, RTPTransceiverDirectionRecvonly); err != nil {
		t.Fatal(err)
	}
	if list := m.extensions(codec.Video); list[len(list)-1].URI != extension.MID || list[0].URI == extension.MID {
		t.Errorf("mid is not where it was registered: %v", list)
	}
}

// TestMediaOfAnAPI says which registrations reach a connection.
func TestMediaOfAnAPI(t *testing.T) {
	uris := func(m *MediaEngine, kind codec.Kind) []string {
		var out []string
		for _, e := range m.extensions(kind) {
			out = append(out, e.URI)
		}
		return out
	}
	t.Run("the defaults", func(t *testing.T) {
		for _, api := range []*API{{}, NewAPI(), NewAPI(WithMediaEngine(nil)), NewAPI(WithInterceptorRegistry(&interceptor.Registry{}))} {
			m := api.media()
			if names(m.codecs(codec.Video)) != names(codec.Defaults(codec.Video)) {
				t.Errorf("video is %s", names(m.codecs(codec.Video)))
			}
			all := map[string]bool{}
			for _, kind := range []codec.Kind{codec.Audio, codec.Video} {
				for _, uri := range uris(m, kind) {
					all[uri] = true
				}
			}
			if len(all) < 10 || len(all) > 14 {
				t.Errorf("%d header extensions; one-byte headers have identifiers for 14", len(all))
			}
			m.RegisterFeedback(RTCPFeedback{Type: "x"}, RTPCodecTypeVideo)
			if err := m.RegisterCodec(vp8(35), RTPCodecTypeVideo); err != nil {
				t.Error(err)
			}
		}
		for _, c := range (&API{}).media().codecs(codec.Video) {
			if c.PayloadType == 35 || slices.Contains(c.Feedback, codec.Feedback{Type: "x"}) {
				t.Error("a connection has changed the defaults")
			}
		}
	})
	t.Run("a MediaEngine alone", func(t *testing.T) {
		m := engine(t)
		api := NewAPI(WithMediaEngine(m))
		got := api.media()
		if c := got.codecs(codec.Video)[0]; !slices.Equal(c.Feedback, []codec.Feedback{{Type: "nack"}, {Type: "nack", Parameter: "pli"}, {Type: "transport-cc"}}) {
			t.Errorf("VP8 has %v", c.Feedback)
		}
		if want := []string{extension.MID, extension.RID, extension.RepairedRID, extension.TransportCC}; !slices.Equal(uris(got, codec.Video), want) {
			t.Errorf("video has %q", uris(got, codec.Video))
		}
		if want := []string{extension.MID, extension.TransportCC}; !slices.Equal(uris(got, codec.Audio), want) {
			t.Errorf("audio has %q", uris(got, codec.Audio))
		}
		if len(m.codecs(codec.Video)[0].Feedback) > 0 || len(uris(m, codec.Video)) != 1 {
			t.Error("the program's MediaEngine has changed")
		}
		// What is registered later is for connections that are made later.
		if err := m.RegisterCodec(vp8(98), RTPCodecTypeVideo); err != nil {
			t.Fatal(err)
		}
		if n := len(got.codecs(codec.Video)); n != 2 {
			t.Errorf("a connection that was there has %d codecs", n)
		}
		if n := len(api.media().codecs(codec.Video)); n != 3 {
			t.Errorf("a new connection has %d codecs", n)
		}
	})
	t.Run("with a registry", func(t *testing.T) {
		got := NewAPI(WithMediaEngine(engine(t)), WithInterceptorRegistry(&interceptor.Registry{})).media()
		if f := got.codecs(codec.Video)[0].Feedback; len(f) > 0 {
			t.Errorf("VP8 has %v", f)
		}
		if want := []string{extension.MID}; !slices.Equal(uris(got, codec.Video), want) {
			t.Errorf("video has %q", uris(got, codec.Video))
		}
	})
}

func TestConfigure(t *testing.T) {
	registry := &interceptor.Registry{}
	feedback := func(types ...string) []codec.Feedback {
		var out []codec.Feedback
		for _, typ := range types {
			typ, parameter, _ := strings.Cut(typ, " ")
			out = append(out, codec.Feedback{Type: typ, Parameter: parameter})
		}
		return out
	}
	all := []string{extension.MID, extension.RID, extension.RepairedRID}
	for _, c := range []struct {
		name               string
		configure          func(*MediaEngine) error
		video, audio       []codec.Feedback
		videoExt, audioExt []string
	}{
		{"nack", func(m *MediaEngine) error { return ConfigureNack(m, registry) }, feedback("nack", "nack pli"), nil, nil, nil},
		{"nack with options", func(m *MediaEngine) error {
			return ConfigureNackWithOptions(m, registry, []nack.GeneratorOption{nack.GeneratorSize(1)}, nack.ResponderSize(1))
		}, feedback("nack", "nack pli"), nil, nil, nil},
		{"reports", func(*MediaEngine) error {
			return errors.Join(ConfigureRTCPReports(registry), ConfigureRTCPReportsWithOptions(registry, []report.ReceiverOption{report.ReceiverInterval(0)}),
				ConfigureStatsInterceptor(registry), ConfigureStatsInterceptorWithOptions(registry))
		}, nil, nil, nil, nil},
		{"transport-wide reports", func(m *MediaEngine) error { return ConfigureTWCCSender(m, registry) },
			feedback("transport-cc"), feedback("transport-cc"), []string{extension.TransportCC}, []string{extension.TransportCC}},
		{"transport-wide reports with options", func(m *MediaEngine) error { return ConfigureTWCCSenderWithOptions(m, registry) },
			feedback("transport-cc"), feedback("transport-cc"), []string{extension.TransportCC}, []string{extension.TransportCC}},
		{"transport-wide numbers", func(m *MediaEngine) error { return ConfigureTWCCHeaderExtensionSender(m, registry) },
			nil, nil, []string{extension.TransportCC}, []string{extension.TransportCC}},
		{"RFC 8888", func(m *MediaEngine) error { return ConfigureCongestionControlFeedback(m, registry) },
			feedback("ack ccfb"), feedback("ack ccfb"), nil, nil},
		{"RFC 8888 with options", func(m *MediaEngine) error { return ConfigureCongestionControlFeedbackWithOptions(m, registry) },
			feedback("ack ccfb"), feedback("ack ccfb"), nil, nil},
		{"simulcast", ConfigureSimulcastExtensionHeaders, nil, nil, all, nil},
		{"all", func(m *MediaEngine) error { return RegisterDefaultInterceptors(m, registry) },
			feedback("nack", "nack pli", "transport-cc"), feedback("transport-cc"), append(all[:3:3], extension.TransportCC), []string{extension.TransportCC}},
		{"all with options", func(m *MediaEngine) error {
			return RegisterDefaultInterceptorsWithOptions(m, registry, WithInterceptorLoggerFactory(nil), WithNackGeneratorOptions(), WithNackResponderOptions(),
				WithReportReceiverOptions(), WithReportSenderOptions(), WithStatsInterceptorOptions(), WithTWCCOptions())
		}, feedback("nack", "nack pli", "transport-cc"), feedback("transport-cc"), append(all[:3:3], extension.TransportCC), []string{extension.TransportCC}},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := engine(t)
			if err := c.configure(m); err != nil {
				t.Fatal(err)
			}
			for kind, want := range map[codec.Kind][]codec.Feedback{codec.Video: c.video, codec.Audio: c.audio} {
				if got := m.codecs(kind)[0].Feedback; !slices.Equal(got, want) {
					t.Errorf("%s has the feedback %v, want %v", kind, got, want)
				}
			}
			for kind, want := range map[codec.Kind][]string{codec.Video: c.videoExt, codec.Audio: c.audioExt} {
				var got []string
				for _, e := range m.of(kind).extensions {
					got = append(got, e.URI)
				}
				if !slices.Equal(got, want) {
					t.Errorf("%s has the extensions %q, want %q", kind, got, want)
				}
			}
		})
	}
	built, err := registry.Build("")
	if err != nil {
		t.Fatal(err)
	}
	if chain, ok := built.(*interceptor.Chain); ok {
		t.Errorf("the registry has interceptors: %v", chain)
	}
}

func TestConfigureFlexFEC(t *testing.T) {
	m, registry := engine(t), &interceptor.Registry{}
	if err := ConfigureFlexFEC03(49, m, registry, flexfec.NumFECPackets(2)); err != nil {
		t.Fatal(err)
	}
	if got := names(m.codecs(codec.Video)); got != "VP8 rtx flexfec-03" {
		t.Errorf("video is %s", got)
	}
	if err := ConfigureFlexFEC03(96, m, registry); !errors.Is(err, ErrCodecAlreadyRegistered) {
		t.Errorf("with VP8's payload type: %v", err)
	}
}

func TestConfigureNothing(t *testing.T) {
	registry := &interceptor.Registry{}
	for name, err := range map[string]error{
		"nack":      ConfigureNack(nil, registry),
		"twcc":      ConfigureTWCCSender(nil, registry),
		"ext":       ConfigureTWCCHeaderExtensionSender(nil, registry),
		"simulcast": ConfigureSimulcastExtensionHeaders(nil),
		"all":       RegisterDefaultInterceptors(nil, registry),
		"flexfec":   ConfigureFlexFEC03(49, &MediaEngine{}, nil),
	} {
		var typeError *rtcerr.TypeError
		if !errors.As(err, &typeError) {
			t.Errorf("%s of nothing: %v", name, err)
		}
	}
}

func TestCapabilities(t *testing.T) {
	for _, kind := range []RTPCodecType{RTPCodecTypeUnknown, 3} {
		if GetSenderCapabilities(kind) != nil || GetReceiverCapabilities(kind) != nil {
			t.Errorf("%v has capabilities", kind)
		}
	}
	video := GetReceiverCapabilities(RTPCodecTypeVideo)
	count := map[string]int{}
	for _, c := range video.Codecs {
		count[c.MimeType]++
		if c.MimeType == MimeTypeRTX && c.SDPFmtpLine != "" {
			t.Errorf("retransmission has parameters %q", c.SDPFmtpLine)
		}
	}
	if count[MimeTypeRTX] != 1 || count[MimeTypeVP8] != 1 || count[MimeTypeVP9] != 2 || count[MimeTypeH264] != 10 {
		t.Errorf("video has %v", count)
	}
	if video.Codecs[0].MimeType != MimeTypeVP8 || len(video.Codecs[0].RTCPFeedback) == 0 {
		t.Errorf("the first codec of video is %v", video.Codecs[0])
	}
	audio := GetSenderCapabilities(RTPCodecTypeAudio)
	if audio.Codecs[0].MimeType != MimeTypeOpus || audio.Codecs[0].Channels != 2 || audio.Codecs[0].SDPFmtpLine != "minptime=10;useinbandfec=1" {
		t.Errorf("the first codec of audio is %v", audio.Codecs[0])
	}

	m := engine(t)
	for uri, direction := range map[string]RTPTransceiverDirection{"urn:s": RTPTransceiverDirectionSendonly, "urn:r": RTPTransceiverDirectionRecvonly} {
		if err := m.RegisterHeaderExtension(RTPHeaderExtensionCapability{URI: uri}, RTPCodecTypeAudio, direction); err != nil {
			t.Fatal(err)
		}
	}
	api := NewAPI(WithMediaEngine(m), WithInterceptorRegistry(&interceptor.Registry{}))
	for got, want := range map[*RTPCapabilities]string{
		api.GetSenderCapabilities(RTPCodecTypeAudio):   "urn:s",
		api.GetReceiverCapabilities(RTPCodecTypeAudio): "urn:r",
	} {
		if e := got.HeaderExtensions; len(e) != 2 || e[0].URI != extension.MID || e[1].URI != want {
			t.Errorf("header extensions %v, want mid and %s", e, want)
		}
	}
}
