package webrtc

import (
	"fmt"

	"github.com/pion/interceptor"
	"github.com/pion/interceptor/pkg/ccfb"
	"github.com/pion/interceptor/pkg/flexfec"
	"github.com/pion/interceptor/pkg/nack"
	"github.com/pion/interceptor/pkg/report"
	"github.com/pion/interceptor/pkg/stats"
	"github.com/pion/interceptor/pkg/twcc"

	"github.com/parleyrtc/webrtc/internal/rtcerr"
	"github.com/parleyrtc/webrtc/transceiver/extension"
)

// The functions of this file register what a feature needs to be negotiated. They
// add no interceptor but for forward error correction: the rest is done by the
// library, for every connection that has negotiated it.

// RegisterDefaultInterceptors has connections negotiate retransmission,
// transport-wide congestion control and simulcast. It does what ConfigureNack,
// ConfigureRTCPReports, ConfigureSimulcastExtensionHeaders,
// ConfigureStatsInterceptor and ConfigureTWCCSender do. Register codecs first.
//
// It adds no interceptors. It is called for a MediaEngine of a program's whose
// API has no interceptor registry.
func RegisterDefaultInterceptors(mediaEngine *MediaEngine, interceptorRegistry *interceptor.Registry) error {
	return RegisterDefaultInterceptorsWithOptions(mediaEngine, interceptorRegistry)
}

// RegisterDefaultInterceptorsWithOptions does the same. The options set up
// interceptors, of which there are none, and have no effect.
func RegisterDefaultInterceptorsWithOptions(
	mediaEngine *MediaEngine, interceptorRegistry *interceptor.Registry, _ ...InterceptorOption,
) error {
	if err := ConfigureNack(mediaEngine, interceptorRegistry); err != nil {
		return err
	}
	if err := ConfigureSimulcastExtensionHeaders(mediaEngine); err != nil {
		return err
	}
	return ConfigureTWCCSender(mediaEngine, interceptorRegistry)
}

// ConfigureNack has video negotiate negative acknowledgements of packets and of
// pictures (RFC 4585 §6.2.1, §6.3.1). Register codecs first. It adds no
// interceptor: the library asks for what it lacks, and sends again what it is
// asked for.
func ConfigureNack(mediaEngine *MediaEngine, _ *interceptor.Registry) error {
	return withFeedback(mediaEngine, []RTPCodecType{RTPCodecTypeVideo},
		RTCPFeedback{Type: TypeRTCPFBNACK}, RTCPFeedback{Type: TypeRTCPFBNACK, Parameter: "pli"})
}

// ConfigureNackWithOptions does what ConfigureNack does. The options have no
// effect: how long packets are kept and how often they are asked for follows the
// round-trip time.
func ConfigureNackWithOptions(
	mediaEngine *MediaEngine, interceptorRegistry *interceptor.Registry, _ []nack.GeneratorOption, _ ...nack.ResponderOption,
) error {
	return ConfigureNack(mediaEngine, interceptorRegistry)
}

// ConfigureRTCPReports is there for programs that call it and does nothing: sender
// and receiver reports are always sent (RFC 3550 §6.4).
func ConfigureRTCPReports(_ *interceptor.Registry) error { return nil }

// ConfigureRTCPReportsWithOptions is there for programs that call it and does
// nothing. How often reports are sent follows RFC 3550 §6.2.
func ConfigureRTCPReportsWithOptions(_ *interceptor.Registry, _ []report.ReceiverOption, _ ...report.SenderOption) error {
	return nil
}

// ConfigureStatsInterceptor is there for programs that call it and does nothing:
// packets are always counted.
func ConfigureStatsInterceptor(_ *interceptor.Registry) error { return nil }

// ConfigureStatsInterceptorWithOptions is there for programs that call it and does
// nothing.
func ConfigureStatsInterceptorWithOptions(_ *interceptor.Registry, _ ...stats.Option) error {
	return nil
}

// ConfigureTWCCHeaderExtensionSender has audio and video negotiate the header
// extension with the transport-wide sequence number, so that a peer can report
// what arrived. It adds no interceptor: the library writes the extension.
func ConfigureTWCCHeaderExtensionSender(mediaEngine *MediaEngine, _ *interceptor.Registry) error {
	return withExtensions(mediaEngine, []RTPCodecType{RTPCodecTypeVideo, RTPCodecTypeAudio}, extension.TransportCC)
}

// ConfigureTWCCSender has audio and video negotiate reports of what arrived, and
// the header extension that they need. Register codecs first. It adds no
// interceptor: the library makes the reports.
func ConfigureTWCCSender(mediaEngine *MediaEngine, interceptorRegistry *interceptor.Registry) error {
	err := withFeedback(mediaEngine, []RTPCodecType{RTPCodecTypeVideo, RTPCodecTypeAudio}, RTCPFeedback{Type: TypeRTCPFBTransportCC})
	if err != nil {
		return err
	}
	return ConfigureTWCCHeaderExtensionSender(mediaEngine, interceptorRegistry)
}

// ConfigureTWCCSenderWithOptions does what ConfigureTWCCSender does. The options
// have no effect: when reports are sent follows the rate of packets.
func ConfigureTWCCSenderWithOptions(
	mediaEngine *MediaEngine, interceptorRegistry *interceptor.Registry, _ ...twcc.Option,
) error {
	return ConfigureTWCCSender(mediaEngine, interceptorRegistry)
}

// ConfigureCongestionControlFeedback has audio and video negotiate the reports of
// RFC 8888, which have ECN marks beside arrival times. Register codecs first. It
// adds no interceptor: the library makes the reports.
func ConfigureCongestionControlFeedback(mediaEngine *MediaEngine, _ *interceptor.Registry) error {
	return withFeedback(mediaEngine, []RTPCodecType{RTPCodecTypeVideo, RTPCodecTypeAudio},
		RTCPFeedback{Type: TypeRTCPFBACK, Parameter: "ccfb"})
}

// ConfigureCongestionControlFeedbackWithOptions does what
// ConfigureCongestionControlFeedback does. The options have no effect.
func ConfigureCongestionControlFeedbackWithOptions(
	mediaEngine *MediaEngine, interceptorRegistry *interceptor.Registry, _ ...ccfb.Option,
) error {
	return ConfigureCongestionControlFeedback(mediaEngine, interceptorRegistry)
}

// ConfigureSimulcastExtensionHeaders has video negotiate the header extensions
// that simulcast needs: those that name the m-line, the stream, and the stream
// that is repaired (RFC 8852).
func ConfigureSimulcastExtensionHeaders(mediaEngine *MediaEngine) error {
	return withExtensions(mediaEngine, []RTPCodecType{RTPCodecTypeVideo}, extension.MID, extension.RID, extension.RepairedRID)
}

// ConfigureFlexFEC03 has video negotiate flexfec-03 with the given payload type,
// and adds the interceptor that makes its repair packets, set up by the options.
// Repair packets of a peer are not used.
func ConfigureFlexFEC03(
	payloadType PayloadType, mediaEngine *MediaEngine, interceptorRegistry *interceptor.Registry, options ...flexfec.FecOption,
) error {
	if mediaEngine == nil || interceptorRegistry == nil {
		return needed("a MediaEngine and an interceptor registry")
	}
	factory, err := flexfec.NewFecInterceptor(options...)
	if err != nil {
		return err
	}
	err = mediaEngine.RegisterCodec(RTPCodecParameters{
		RTPCodecCapability: RTPCodecCapability{
			MimeType: MimeTypeFlexFEC03, ClockRate: 90000,
			SDPFmtpLine: "repair-window=10000000", // in microseconds
		},
		PayloadType: payloadType,
	}, RTPCodecTypeVideo)
	if err != nil {
		return err
	}
	interceptorRegistry.Add(factory)
	return nil
}

func withFeedback(m *MediaEngine, kinds []RTPCodecType, feedback ...RTCPFeedback) error {
	if m == nil {
		return needed("a MediaEngine")
	}
	for _, kind := range kinds {
		for _, f := range feedback {
			m.RegisterFeedback(f, kind)
		}
	}
	return nil
}

func withExtensions(m *MediaEngine, kinds []RTPCodecType, uris ...string) error {
	if m == nil {
		return needed("a MediaEngine")
	}
	for _, kind := range kinds {
		for _, uri := range uris {
			if err := m.RegisterHeaderExtension(RTPHeaderExtensionCapability{URI: uri}, kind); err != nil {
				return err
			}
		}
	}
	return nil
}

func needed(what string) error {
	return &rtcerr.TypeError{Err: fmt.Errorf("nil where %s is needed", what)}
}
