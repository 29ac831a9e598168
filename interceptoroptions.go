package webrtc

import (
	"github.com/pion/interceptor/pkg/nack"
	"github.com/pion/interceptor/pkg/report"
	"github.com/pion/interceptor/pkg/stats"
	"github.com/pion/interceptor/pkg/twcc"
	"github.com/pion/logging"
)

// InterceptorOption is an option of RegisterDefaultInterceptorsWithOptions. It
// sets up interceptors that are not used here, and has no effect.
type InterceptorOption func(*interceptorOptions)

// interceptorOptions has nothing to set.
type interceptorOptions struct{}

func noOption(*interceptorOptions) {}

// WithInterceptorLoggerFactory has no effect. What the library has to say goes to
// SettingEngine.Logger.
func WithInterceptorLoggerFactory(_ logging.LoggerFactory) InterceptorOption { return noOption }

// WithNackGeneratorOptions has no effect: see ConfigureNackWithOptions.
func WithNackGeneratorOptions(_ ...nack.GeneratorOption) InterceptorOption { return noOption }

// WithNackResponderOptions has no effect: see ConfigureNackWithOptions.
func WithNackResponderOptions(_ ...nack.ResponderOption) InterceptorOption { return noOption }

// WithReportReceiverOptions has no effect: see ConfigureRTCPReportsWithOptions.
func WithReportReceiverOptions(_ ...report.ReceiverOption) InterceptorOption { return noOption }

// WithReportSenderOptions has no effect: see ConfigureRTCPReportsWithOptions.
func WithReportSenderOptions(_ ...report.SenderOption) InterceptorOption { return noOption }

// WithStatsInterceptorOptions has no effect: packets are always counted.
func WithStatsInterceptorOptions(_ ...stats.Option) InterceptorOption { return noOption }

// WithTWCCOptions has no effect: see ConfigureTWCCSenderWithOptions.
func WithTWCCOptions(_ ...twcc.Option) InterceptorOption { return noOption }
