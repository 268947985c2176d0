package api

import (
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"onrush.dev/onrush/internal/load"
)

// config sets up the framework: our own routes serve the documents, and faults
// have our own form.
func (a *api) config() huma.Config {
	c := huma.DefaultConfig("Onrush", "1")
	c.Info.Description = "Distributed load testing. Faults are problems as in RFC 9457 with a code of our own; " +
		"lengths of time are texts such as 90s or 1m30s."
	c.OpenAPIPath, c.DocsPath, c.SchemasPath = "", "", ""
	c.CreateHooks = nil
	c.RejectUnknownQueryParameters = true
	c.Transformers = []huma.Transformer{asFault}
	c.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"session": {Type: "apiKey", In: "cookie", Name: "onrush", Description: "Set by POST /login; over TLS its name is __Host-onrush."},
		"token":   {Type: "http", Scheme: "bearer", Description: "An API token."},
	}
	r := c.Components.Schemas
	alias[load.Status, statusEnum](r)
	alias[load.Outcome, outcomeEnum](r)
	alias[load.Verdict, verdictEnum](r)
	alias[load.TaskStatus, taskStatusEnum](r)
	alias[load.Model, modelEnum](r)
	alias[load.Role, roleEnum](r)
	alias[load.IntentKind, intentEnum](r)
	alias[load.Code, codeEnum](r)
	alias[load.FindingState, findingEnum](r)
	alias[load.CheckState, checkEnum](r)
	r.RegisterTypeAlias(reflect.TypeFor[load.Duration](), reflect.TypeFor[durationText]())
	r.RegisterTypeAlias(reflect.TypeFor[load.Bytes](), reflect.TypeFor[sizeText]())
	return c
}

// finish adds what may come only when all routes are there.
func (a *api) finish() {
	schemas := a.huma.OpenAPI().Components.Schemas.Map()
	delete(schemas, "ErrorModel") // the framework's own faults, which never get out; see asFault
	delete(schemas, "ErrorDetail")
	schemas["Duration"] = &huma.Schema{
		Type: huma.TypeString, Description: "A length of time.", Examples: []any{"90s", "1m30s", "1.5h", "2d"},
	}
	schemas["Size"] = &huma.Schema{
		Type: huma.TypeString, Description: "A number of bytes.", Examples: []any{"1048576", "10MB", "64KiB"},
	}
}

// durationText stands for load.Duration. It refers to a component that finish
// adds later, since the framework cannot turn a text such as "30s", the default
// of a field, into a Go duration, and does not try while the component is away.
type durationText struct{}

// Schema implements huma.SchemaProvider.
func (durationText) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Ref: "#/components/schemas/Duration"}
}

// sizeText stands for load.Bytes, for the same reason.
type sizeText struct{}

// Schema implements huma.SchemaProvider.
func (sizeText) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Ref: "#/components/schemas/Size"}
}

// The nouns may import nothing, so what the framework should know of their
// words is said by these stand-ins.
type (
	statusEnum     struct{}
	outcomeEnum    struct{}
	verdictEnum    struct{}
	taskStatusEnum struct{}
	modelEnum      struct{}
	roleEnum       struct{}
	intentEnum     struct{}
	codeEnum       struct{}
	findingEnum    struct{}
	checkEnum      struct{}
)

func alias[T ~string, Enum huma.SchemaProvider](r huma.Registry) {
	r.RegisterTypeAlias(reflect.TypeFor[T](), reflect.TypeFor[Enum]())
}

func enum[T ~string](values ...T) *huma.Schema {
	s := &huma.Schema{Type: huma.TypeString}
	for _, v := range values {
		s.Enum = append(s.Enum, string(v))
	}
	return s
}

// Schema implements huma.SchemaProvider.
func (statusEnum) Schema(huma.Registry) *huma.Schema {
	return enum(load.Queued, load.Provisioning, load.Ready, load.Running, load.Cancelling, load.Finishing, load.Ended)
}

// Schema implements huma.SchemaProvider.
func (outcomeEnum) Schema(huma.Registry) *huma.Schema {
	return enum(load.Completed, load.Degraded, load.CouldNotRun, load.Cancelled)
}

// Schema implements huma.SchemaProvider.
func (verdictEnum) Schema(huma.Registry) *huma.Schema {
	return enum(load.Passed, load.Failed, load.NotJudged)
}

// Schema implements huma.SchemaProvider.
func (taskStatusEnum) Schema(huma.Registry) *huma.Schema {
	return enum(load.TaskPlanned, load.TaskStarting, load.TaskReady, load.TaskRunning, load.TaskDone, load.TaskLost, load.TaskFailed)
}

// Schema implements huma.SchemaProvider.
func (modelEnum) Schema(huma.Registry) *huma.Schema { return enum(load.Closed, load.Open) }

// Schema implements huma.SchemaProvider.
func (roleEnum) Schema(huma.Registry) *huma.Schema {
	return enum(load.Viewer, load.Operator, load.Admin)
}

// Schema implements huma.SchemaProvider.
func (intentEnum) Schema(huma.Registry) *huma.Schema {
	return enum(load.IntentStop, load.IntentDrain, load.IntentLevel, load.IntentPause, load.IntentResume)
}

// Schema implements huma.SchemaProvider.
func (codeEnum) Schema(huma.Registry) *huma.Schema {
	return enum(load.Internal, load.Invalid, load.NotFound, load.Conflict, load.Unauthorized,
		load.Forbidden, load.TooLarge, load.Unavailable, load.Throttled)
}

// Schema implements huma.SchemaProvider.
func (findingEnum) Schema(huma.Registry) *huma.Schema {
	return enum(load.FindingOK, load.FindingWarning, load.FindingFailed)
}

// Schema implements huma.SchemaProvider.
func (checkEnum) Schema(huma.Registry) *huma.Schema {
	return enum(load.CheckRunning, load.CheckOK, load.CheckWarning, load.CheckFailed)
}
