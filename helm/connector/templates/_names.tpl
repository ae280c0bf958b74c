{{- define "sumveil.fullname" -}}
{{- printf "%s" .Release.Name | trunc 40 | trimSuffix "-" }}-connector
{{- end }}

{{- define "sumveil.selector" -}}
app.kubernetes.io/name: sumveil-connector
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "sumveil.labels" -}}
{{ include "sumveil.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "sumveil.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{- define "sumveil.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}

{{/* The probe's command as list items; its argument is `live` or `ready`. */}}
{{- define "sumveil.probe" -}}
node, packages/cli/src/main.ts, connector, probe, {{ . }}
{{- end }}
