{{- define "onrush.name" -}}
{{- ternary .Release.Name (printf "%s-onrush" .Release.Name) (contains "onrush" .Release.Name) | trunc 40 | trimSuffix "-" }}
{{- end }}

{{- define "onrush.labels" -}}
app.kubernetes.io/name: onrush
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ include "onrush.tag" . | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{- define "onrush.selector" -}}
app.kubernetes.io/name: onrush
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: server
{{- end }}

{{- define "onrush.tag" -}}
{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{- define "onrush.scheme" -}}
{{ if .Values.server.tlsSecret }}https{{ else }}http{{ end }}
{{- end }}

{{- /* As pods of this cluster reach the server. */ -}}
{{- define "onrush.inside" -}}
{{ include "onrush.scheme" . }}://{{ include "onrush.name" . }}.{{ .Release.Namespace }}.svc:{{ .Values.service.port }}
{{- end }}

{{- define "onrush.public" -}}
{{ .Values.server.publicURL | default (include "onrush.inside" .) }}
{{- end }}

{{- define "onrush.tasks" -}}
{{ .Values.region.namespace | default .Release.Namespace }}
{{- end }}

{{- define "onrush.claim" -}}
{{ .Values.persistence.existingClaim | default (printf "%s-data" (include "onrush.name" .)) }}
{{- end }}

{{- /* The server's configuration. */ -}}
{{- define "onrush.config" -}}
{{- $regions := .Values.regions -}}
{{- with .Values.region -}}
{{- if .enabled -}}
{{- $settings := dict "namespace" (include "onrush.tasks" $) "service_account" (printf "%s-task" (include "onrush.name" $)) -}}
{{- if $.Values.pullSecrets -}}{{- $_ := set $settings "pull_secrets" (join "," $.Values.pullSecrets) -}}{{- end -}}
{{- if .image.pullPolicy -}}{{- $_ := set $settings "pull_policy" .image.pullPolicy -}}{{- end -}}
{{- $region := dict "name" .name "driver" "kubernetes" "cpu" (float64 .cpu) "memory" .memory
      "server" (.serverURL | default (include "onrush.inside" $))
      "image" (printf "%s:%s" .image.repository (.image.tag | default (include "onrush.tag" $)))
      "settings" (merge (deepCopy .settings) $settings) -}}
{{- if .limit -}}{{- $_ := set $region "limit" (int .limit) -}}{{- end -}}
{{- $regions = prepend $regions $region -}}
{{- end -}}
{{- end -}}
{{- $config := dict -}}
{{- if $regions -}}{{- $_ := set $config "regions" $regions -}}{{- end -}}
{{- if .Values.server.trustedProxies -}}{{- $_ := set $config "trusted-proxies" .Values.server.trustedProxies -}}{{- end -}}
{{- toYaml $config -}}
{{- end }}
