using Azure.Data.Tables;
using Perigee.Storage;

namespace Perigee.Azure;

/// <summary>Our rows as the SDK's entities, and back.</summary>
internal static class Entities
{
    public static TableEntity Entity(TableRow row)
    {
        TableEntity entity = new(row.Partition, row.Row);
        foreach ((string name, object value) in row.Values)
            entity[name] = value;
        return entity;
    }

    public static TableRow Row(TableEntity entity)
    {
        TableRow row = new(entity.PartitionKey, entity.RowKey) { ETag = entity.ETag.ToString(), WrittenAt = entity.Timestamp };
        foreach ((string name, object? value) in entity)
        {
            if (value is not null && name is not ("PartitionKey" or "RowKey" or "Timestamp" or "odata.etag"))
                row.Values[name] = value is BinaryData binary ? binary.ToArray() : value;
        }

        return row;
    }
}
